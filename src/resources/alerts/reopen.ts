import { z } from 'zod';
import { whyNotReopen } from '../../domain/alert.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { reopenAlert, type AlertRow } from './queries.ts';
import { AlertId, alertFor, alertInWords, alertTarget } from './target.ts';

type Facts = { readonly alert: AlertRow; readonly own: boolean };

export const reopenOneAlert = defineAction({
  id: 'alerts.reopen',
  title: 'Take decision back',
  past: 'took back the decision on',
  permission: 'alert.decide',
  eyes: 1,
  // Whoever decided it takes it back alone
  eyesFor: ({ own }: Facts) => (own ? 1 : 2),
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, note: Note }),

  gather: async ({ id }, context) => {
    const alert = await alertFor(id, context, whyNotReopen);
    return alert.ok ? done({ alert: alert.value, own: alert.value.decidedBy === context.operator.name }) : alert;
  },
  target: ({ alert }) => alertTarget(alert),
  preview: ({ alert }) => [
    alertInWords(alert),
    alert.status === 'dismissed'
      ? `${alert.decidedBy} dismissed it as ${alert.outcome}: that no longer counts, and it is in review again`
      : `${alert.decidedBy} escalated it: it leaves case ${alert.caseId} and is in review again`,
    'it belongs to whoever takes the decision back',
  ],

  execute: async ({ alert }, { note }, { db }) => {
    await reopenAlert(db, alert, note);
    return {
      summary: `took back that alert ${alert.id} was ${alert.status}`,
      old: { status: alert.status, outcome: alert.outcome, case: alert.caseId === null ? null : String(alert.caseId) },
      new: { status: 'in review' },
    };
  },
});
