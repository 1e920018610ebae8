import { z } from 'zod';
import { ruleName, whyNotDecide } from '../../domain/alert.ts';
import { CaseTitle } from '../../domain/case-file.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { hitTable, readEvidence } from './evidence.ts';
import { escalateAlert, openCaseOf, type AlertRow } from './queries.ts';
import { AlertId, alertInWords, alertTarget, ownAlertFor } from './target.ts';

const titleFor = (alert: AlertRow): string => `${ruleName(alert)} on ${alert.account}`;

export const escalateOneAlert = defineAction({
  id: 'alerts.escalate',
  title: 'Escalate to a case',
  past: 'escalated',
  permission: 'alert.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'alert',
  input: z.object({ id: AlertId, title: CaseTitle.optional().meta({ title: 'Title of a new case' }), note: Note }),

  gather: async ({ id }, context) => {
    const alert = await ownAlertFor(id, context, whyNotDecide);
    if (!alert.ok) return alert;
    const [joins, evidence] = await Promise.all([openCaseOf(context.db, alert.value.accountId), readEvidence(context.db, alert.value)]);
    return done({ alert: alert.value, joins, evidence });
  },
  target: ({ alert }) => alertTarget(alert),
  preview: ({ alert, joins }, { title }) => [
    `${alertInWords(alert)}: ${alert.words}`,
    joins ? `it joins case ${joins.id} of this account: ${joins.title}` : `a case is opened: ${title ?? titleFor(alert)}`,
    'what the case finds is its outcome',
  ],
  evidence: ({ evidence }) => [hitTable(evidence)],

  execute: async ({ alert }, { title, note }, { db }) => {
    const id = await escalateAlert(db, alert, title ?? titleFor(alert), note);
    return {
      summary: `escalated alert ${alert.id} to case ${id}`,
      old: { status: 'in review' },
      new: { status: 'escalated', case: String(id) },
    };
  },

  waysBack: ({ alert }, { note }) => [
    { action: 'alerts.reopen', input: { id: String(alert.id), note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
