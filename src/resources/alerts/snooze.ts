import { z } from 'zod';
import { eyesForScore, longestSnooze, whyNotSnooze } from '../../domain/alert.ts';
import { addDays, DayInput, formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { invalid } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { snoozeAlert, type AlertRow } from './queries.ts';
import { AlertId, alertInWords, alertTarget, ownAlertFor } from './target.ts';

export const snoozeOneAlert = defineAction({
  id: 'alerts.snooze',
  title: 'Snooze alert',
  past: 'snoozed',
  permission: 'alert.decide',
  eyes: 1,
  // For weeks it is as good as a dismissal
  eyesFor: (alert: AlertRow) => eyesForScore(alert),
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, until: DayInput.default('in 7 days').meta({ kind: 'day', title: 'Until' }), note: Note }),

  gather: async ({ id, until }, context) => {
    if (until <= context.today || until > addDays(context.today, longestSnooze))
      return invalid(`Until must lie within the next ${longestSnooze} days, not ${until}`);
    return ownAlertFor(id, context, whyNotSnooze);
  },
  target: alertTarget,
  preview: (alert, { until }) => [
    alertInWords(alert),
    `rule R${alert.rule} raises nothing about ${alert.account} until ${until} begins; hits are kept, and other rules go on`,
    ...(alert.status === 'in review' ? ['the alert is open again, and nobody works on it meanwhile'] : []),
    'it ends by itself, and is listed in the daily review',
  ],

  execute: async (alert, { until, note }, { db }) => {
    const ends = await snoozeAlert(db, alert, until, note);
    return { summary: `snoozed alert ${alert.id} until ${formatInstant(ends)}`, old: { status: alert.status }, new: { snoozed: until } };
  },

  waysBack: alert => [{ action: 'alerts.unsnooze', input: { id: String(alert.id), note: 'snoozed by mistake' } }],
});
