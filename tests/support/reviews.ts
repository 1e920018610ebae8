import { expect } from 'vitest';
import type { Answer } from './command.ts';

type Bursar = (...args: string[]) => Promise<Answer>;

/** What breaks a separation of duties is revoked, the rest is kept; what the demo operator and Ada hold themselves others decide. */
export const decideTheRest = async (bursar: Bursar, review: string): Promise<void> => {
  const left = `review=${review} decision=undecided`;
  const decisions = [
    ['manager', 'revoke', `${left} who=demo conflict=yes`],
    ['manager', 'keep', `${left} who=demo`],
    ['admin', 'revoke', `${left} conflict=yes`],
    ['admin', 'keep', `${left} who!=ada`],
    ['manager', 'keep', left],
  ] as const;
  for (const [as, decision, filter] of decisions) {
    const answer = await bursar('--as', as, 'review-items', decision, '--filter', filter, '--note', 'decided with the team leads', '--yes');
    // a filter that finds nobody any more is refused
    if (answer.code !== 0) expect(answer.stderr).toContain('the filter finds no record');
  }
};
