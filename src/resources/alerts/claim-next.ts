import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { claimNextAlert, findAlert, nextAlert } from './queries.ts';
import { alertInWords, alertTarget } from './target.ts';

export const claimTheNextAlert = defineAction({
  id: 'alerts.claim-next',
  title: 'Claim next alert',
  past: 'claimed',
  permission: 'alert.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ note: Note }),

  gather: async (_input, { db }) => {
    const next = await nextAlert(db);
    return next ? done(next) : notFound('no alert waits for anybody');
  },
  // Whoever is quicker gets this one, and the next person the one after it
  target: () => ({ id: '-', label: 'the next alert', version: 0 }),
  preview: next => [
    'the gravest alert that nobody works on, the oldest of these first, is yours until you release or decide it',
    `now that is alert ${next.id}: ${alertInWords(next)}`,
  ],

  execute: async (_next, _input, { db, operator }) => {
    const id = await claimNextAlert(db);
    const alert = await findAlert(db, id);
    if (!alert) throw new Error('a claimed alert is gone');
    return {
      summary: `claimed alert ${id}: ${alertInWords(alert)}`,
      target: alertTarget(alert),
      old: { status: 'open' },
      new: { status: 'in review', claimed: operator.name },
    };
  },

  waysBack: (_facts, _input, { target }) =>
    target ? [{ action: 'alerts.release', input: { id: target.id, note: 'claimed by mistake' } }] : [],
});
