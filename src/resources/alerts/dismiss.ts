import { z } from 'zod';
import { DismissOutcome, eyesForScore, whyNotDecide } from '../../domain/alert.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { hitTable, readEvidence, type Evidence } from './evidence.ts';
import { dismissAlert, type AlertRow } from './queries.ts';
import { AlertId, alertInWords, alertTarget, ownAlertFor } from './target.ts';

type Facts = { readonly alert: AlertRow; readonly evidence: Evidence };

export const dismissOneAlert = defineAction({
  id: 'alerts.dismiss',
  title: 'Dismiss alert',
  past: 'dismissed',
  permission: 'alert.decide',
  eyes: 1,
  eyesFor: ({ alert }: Facts) => eyesForScore(alert),
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, outcome: DismissOutcome, note: Note }),

  gather: async ({ id }, context) => {
    const alert = await ownAlertFor(id, context, whyNotDecide);
    return alert.ok ? done({ alert: alert.value, evidence: await readEvidence(context.db, alert.value) }) : alert;
  },
  target: ({ alert }) => alertTarget(alert),
  preview: ({ alert }, { outcome }) => [
    `${alertInWords(alert)}: ${alert.words}`,
    outcome === 'false positive'
      ? 'it is a false positive: it counts against the precision of its rule'
      : 'it is valuable though nothing came of it: it counts for the precision of its rule',
    'a new hit raises a new alert, unless the rule is snoozed for this account',
  ],
  evidence: ({ evidence }) => [hitTable(evidence)],

  execute: async ({ alert }, { outcome, note }, { db }) => {
    await dismissAlert(db, alert, outcome, note);
    return {
      summary: `dismissed alert ${alert.id} as ${outcome}`,
      old: { status: 'in review' },
      new: { status: 'dismissed', outcome, score: alert.score },
    };
  },

  waysBack: ({ alert }, { note }) => [
    { action: 'alerts.reopen', input: { id: String(alert.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
