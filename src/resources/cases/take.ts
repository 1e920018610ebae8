import { z } from 'zod';
import { whyNotTake } from '../../domain/case-file.ts';
import { Note } from '../../domain/note.ts';
import { conflict } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { takeCase } from './queries.ts';
import { caseFor, CaseId, caseInWords, caseTarget } from './target.ts';

export const takeOneCase = defineAction({
  id: 'cases.take',
  title: 'Take case',
  past: 'took',
  permission: 'case.work',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'case',
  input: z.object({ id: CaseId, note: Note }),

  gather: async ({ id }, context) => {
    const found = await caseFor(id, context, whyNotTake);
    if (!found.ok || found.value.assignedTo === null) return found;
    if (found.value.assignedTo === context.operator.name) return conflict(`case ${id} is yours already`);
    return context.operator.permissions.has('case.decide')
      ? found
      : conflict(`case ${id} is investigated by ${found.value.assignedTo}`, 'a manager can take it over');
  },
  target: caseTarget,
  preview: found => [
    caseInWords(found),
    found.assignedTo === null ? 'you investigate it from now on' : `you take it over from ${found.assignedTo}`,
  ],

  execute: async (found, { note }, { db, operator }) => {
    await takeCase(db, found, note);
    return {
      summary: `took case ${found.id}`,
      old: { status: found.status, assigned: found.assignedTo },
      new: { status: found.status === 'open' ? 'investigating' : found.status, assigned: operator.name },
    };
  },
});
