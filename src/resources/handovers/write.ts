import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { digestLines } from '../../domain/shift-digest.ts';
import { defineAction } from '../../kit/define-action.ts';
import { digestNow, writeHandover } from './queries.ts';

export const writeHandoverAction = defineAction({
  id: 'handovers.write',
  title: 'Hand over',
  past: 'handed over',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  irreversible: 'a handover stays as it was written; what was forgotten goes into another',
  verb: 'create',
  entity: 'handover',
  input: z.object({ note: Note.meta({ kind: 'note', title: 'For the next shift' }) }),

  gather: async (_input, { db, operator }) => done(await digestNow(db, operator.id)),
  target: () => ({ id: '-', label: 'the next shift', version: 0 }),
  preview: digest => [
    'kept with your words, as the database counts it when you confirm:',
    ...digestLines(digest)
      .filter(([label]) => label !== 'Shift')
      .map(([label, value]) => `${label}: ${value}`),
  ],

  execute: async (_facts, { note }, { db }) => {
    const id = await writeHandover(db, note);
    return {
      summary: `handed over: #${id} waits for the next shift`,
      target: { id: String(id), label: `#${id}`, version: 0 },
      new: { text: note },
    };
  },
});
