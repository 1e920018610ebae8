import { z } from 'zod';
import { whyNotRelease } from '../../domain/alert.ts';
import { Note } from '../../domain/note.ts';
import { conflict } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { releaseAlert } from './queries.ts';
import { AlertId, alertFor, alertInWords, alertTarget } from './target.ts';

export const releaseOneAlert = defineAction({
  id: 'alerts.release',
  title: 'Release alert',
  past: 'released',
  permission: 'alert.release',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, note: Note }),

  gather: async ({ id }, context) => {
    const alert = await alertFor(id, context, whyNotRelease);
    if (!alert.ok || alert.value.claimedBy === context.operator.name || context.operator.permissions.has('case.decide')) return alert;
    return conflict(`alert ${id} is in review by ${alert.value.claimedBy}`, 'they release it, or a manager');
  },
  target: alertTarget,
  preview: alert => [alertInWords(alert), `it is open again: ${alert.claimedBy} no longer works on it, and anybody can claim it`],

  execute: async (alert, _input, { db }) => {
    await releaseAlert(db, alert);
    return { summary: `released alert ${alert.id}`, old: { status: 'in review', claimed: alert.claimedBy }, new: { status: 'open' } };
  },

  waysBack: alert => [{ action: 'alerts.claim', input: { id: String(alert.id), note: 'released by mistake' } }],
});
