import { z } from 'zod';
import { Note, notedEntities } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { addNote } from './queries.ts';

export const addNoteAction = defineAction({
  id: 'notes.add',
  title: 'Add a note',
  past: 'noted on',
  permission: 'note.write',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'note',
  input: z.object({
    entity: z.enum(notedEntities).meta({ hidden: true, title: 'Kind of record' }),
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Record' }),
    text: Note.meta({ kind: 'note', title: 'Note' }),
  }),

  gather: async () => done({}),
  // Whatever the record becomes meanwhile, the note is on it
  target: (_facts, { entity, id }) => ({ id: String(id), label: `${entity} ${id}`, version: 0 }),
  preview: (_facts, { entity, id }) => [
    `the note stands on ${entity} ${id}, with your name, for everybody who may read it`,
    'it cannot be changed or taken away: what turns out otherwise is another note',
  ],

  execute: async (_facts, { entity, id, text }, { db }) => {
    const note = await addNote(db, entity, String(id), text);
    return {
      summary: `noted on ${entity} ${id}`,
      target: { id: String(note), label: `${entity} ${id}`, version: 0 },
      new: { entity, record: String(id), text },
    };
  },
});
