import { z } from 'zod';
import { CaseFinding, whyNotCloseCase } from '../../domain/case-file.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { alertsOfCase, closeCase } from './queries.ts';
import { CaseId, caseInWords, caseTarget, ownCaseFor } from './target.ts';

/** What each finding says of the alerts that led to it. */
const meaning = {
  confirmed: 'its alerts count as confirmed: for the precision of their rules',
  refuted: 'its alerts count as false positives: against the precision of their rules',
  inconclusive: 'its alerts count as valuable: for the precision of their rules',
} as const;

export const closeOneCase = defineAction({
  id: 'cases.close',
  title: 'Close case',
  past: 'closed',
  permission: 'case.work',
  eyes: 2,
  checker: 'case.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'case',
  irreversible: 'what a case found stays; a new case can be opened',
  input: z.object({ id: CaseId, finding: CaseFinding, findings: Note.meta({ kind: 'note', title: 'What was found' }) }),

  gather: async ({ id }, context) => {
    const found = await ownCaseFor(id, context, whyNotCloseCase);
    return found.ok ? done({ found: found.value, alerts: await alertsOfCase(context.db, id) }) : found;
  },
  target: ({ found }) => caseTarget(found),
  preview: ({ found, alerts }, { finding }) => [
    `${caseInWords(found)} is closed for good: ${finding}`,
    alerts.length === 0 ? 'no alert led to it' : `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}: ${meaning[finding]}`,
    ...(found.account === null ? [] : [`account ${found.account} is ${found.accountStatus} and stays so`]),
  ],
  evidence: ({ alerts }) => [
    {
      title: 'Alerts',
      table: {
        columns: ['No', 'Rule', 'Score', 'Last hit', 'What was seen'],
        rows: alerts.map(alert => [
          `#${alert.id}`,
          `R${alert.rule}`,
          String(alert.score),
          formatShortInstant(alert.lastHitAt),
          alert.words,
        ]),
      },
    },
  ],

  execute: async ({ found, alerts }, { finding, findings }, { db }) => {
    await closeCase(db, found, finding, findings);
    return {
      summary: `closed case ${found.id}: ${finding}`,
      old: { status: 'investigating' },
      new: { status: finding, findings, alerts: alerts.map(({ id }) => String(id)) },
    };
  },
});
