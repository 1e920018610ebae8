import { z } from 'zod';
import { whyNotClaim } from '../../domain/alert.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { claimAlert } from './queries.ts';
import { AlertId, alertFor, alertInWords, alertTarget } from './target.ts';

export const claimOneAlert = defineAction({
  id: 'alerts.claim',
  title: 'Claim alert',
  past: 'claimed',
  permission: 'alert.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, note: Note }),

  gather: ({ id }, context) => alertFor(id, context, whyNotClaim),
  // A hit that came meanwhile is no reason not to look at it
  target: alert => ({ ...alertTarget(alert), version: 0 }),
  preview: alert => [`${alertInWords(alert)}: ${alert.words}`, 'it is yours until you release or decide it; nobody else decides it'],

  execute: async (alert, _input, { db, operator }) => {
    await claimAlert(db, alert.id);
    return { summary: `claimed alert ${alert.id}`, old: { status: 'open' }, new: { status: 'in review', claimed: operator.name } };
  },

  waysBack: alert => [{ action: 'alerts.release', input: { id: String(alert.id), note: 'claimed by mistake' } }],
});
