import { businessToday } from '../../database/calendar.ts';
import type { Db } from '../../database/client.ts';
import { openingChecks, type OpeningCheck } from '../../domain/opening-check.ts';
import type { SmallTable } from '../../kit/define-resource.ts';
import { applicationOf } from './queries.ts';

/** The criteria of an account's opening, computed from what the bank knows of its owner today. */
export const checksOf = async (db: Db, ownerId: bigint): Promise<readonly OpeningCheck[]> => {
  const [{ applicant, documents, alike }, today] = await Promise.all([applicationOf(db, ownerId), businessToday(db)]);
  return openingChecks(applicant, documents, alike, today);
};

const verdict = (check: OpeningCheck): string => (check.passed ? 'clear' : 'NOT CLEAR');

/** The checks with what each rests on, as the evidence of a decision. */
export const checksTable = (checks: readonly OpeningCheck[]): { readonly title: string; readonly table: SmallTable } => ({
  title: 'Opening checks',
  table: { columns: ['Check', 'Result', 'Evidence'], rows: checks.map(check => [check.name, verdict(check), check.evidence]) },
});
