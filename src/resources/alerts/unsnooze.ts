import { z } from 'zod';
import { whyNotUnsnooze } from '../../domain/alert.ts';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { unsnoozeAlert } from './queries.ts';
import { AlertId, alertFor, alertInWords, alertTarget } from './target.ts';

export const wakeAlert = defineAction({
  id: 'alerts.unsnooze',
  title: 'End snooze',
  past: 'woke',
  permission: 'alert.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, note: Note }),

  gather: ({ id }, context) => alertFor(id, context, whyNotUnsnooze),
  target: alertTarget,
  preview: alert => [
    alertInWords(alert),
    `it would have been quiet until ${formatInstant(alert.snoozedUntil)}: the rule raises alerts about this account again at once`,
  ],

  execute: async (alert, _input, { db }) => {
    await unsnoozeAlert(db, alert);
    return {
      summary: `ended the snooze of alert ${alert.id}`,
      old: { snoozed: alert.snoozedUntil?.toISOString() ?? null },
      new: { snoozed: null },
    };
  },
});
