import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findCase, type CaseRow } from './queries.ts';

/** Names the case by its number; filled from the record, or given as a flag. */
export const CaseId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Case' });

/** The case if it exists and the rule has nothing against it. */
export const caseFor = async (id: bigint, { db }: Context, whyNot: (found: CaseRow) => string | undefined): Promise<Outcome<CaseRow>> => {
  const found = await findCase(db, id);
  if (!found) return notFound(`there is no case ${id}`);
  const objection = whyNot(found);
  return objection === undefined ? done(found) : conflict(objection);
};

/** The same for whoever investigates it, or a manager. */
export const ownCaseFor = async (
  id: bigint,
  context: Context,
  whyNot: (found: CaseRow) => string | undefined,
): Promise<Outcome<CaseRow>> => {
  const found = await caseFor(id, context, whyNot);
  const { operator } = context;
  if (!found.ok || found.value.assignedTo === operator.name || operator.permissions.has('case.decide')) return found;
  return found.value.assignedTo === null
    ? conflict(`case ${id} is taken by nobody yet`, 'take it first')
    : conflict(`case ${id} is investigated by ${found.value.assignedTo}`, 'they go on with it, or a manager');
};

/** How audit and confirmation name a case. */
export const caseTarget = (found: CaseRow): Target => ({ id: String(found.id), label: `case ${found.id}`, version: found.version });

/** `case 4 (R5 structuring on 447100220017), score 95`. */
export const caseInWords = (found: CaseRow): string => `case ${found.id} (${found.title}), score ${found.score}`;
