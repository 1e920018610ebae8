import { z } from 'zod';

const caseFindings = ['confirmed', 'refuted', 'inconclusive'] as const;
export const caseStates = ['open', 'investigating', 'suspended', 'pending approval', ...caseFindings] as const;
export type CaseState = (typeof caseStates)[number];

export const CaseFinding = z.enum(caseFindings).meta({ title: 'Finding' });
export const CaseTitle = z
  .string()
  .trim()
  .min(10, 'takes at least 10 characters')
  .max(200, 'takes at most 200 characters')
  .meta({ title: 'Title' });

export type CaseStanding = { readonly id: bigint; readonly status: CaseState; readonly assignedTo: string | null };

/** Whether a case is decided, and stays as it is. */
const isDecided = ({ status }: CaseStanding): boolean => (caseFindings as readonly string[]).includes(status);

const mustBe =
  (status: CaseState) =>
  (found: CaseStanding): string | undefined =>
    found.status === status ? undefined : `case ${found.id} is ${found.status}, not ${status}`;

/** Why nobody can take a case, or undefined. The other rules read alike; whose it is only the one who acts can say. */
export const whyNotTake = (found: CaseStanding): string | undefined =>
  ['open', 'investigating', 'suspended'].includes(found.status) ? undefined : `case ${found.id} is ${found.status}`;
export const whyNotSuspend = mustBe('investigating');
export const whyNotResume = mustBe('suspended');
export const whyNotAdd = (found: CaseStanding): string | undefined =>
  isDecided(found) ? `case ${found.id} is ${found.status}` : undefined;
/** A request to close it makes it wait: then whoever decides finds it so. */
export const whyNotCloseCase = (found: CaseStanding): string | undefined =>
  found.status === 'investigating' || found.status === 'pending approval'
    ? undefined
    : `case ${found.id} is ${found.status}: it is closed while it is investigated`;
