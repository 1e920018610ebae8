import { undoneCode } from '../domain/ending-itself.ts';
import type { Outcome, Refusal } from '../domain/outcome.ts';

/** What the command ends with; scripts rely on these. */
export const exitCode = { done: 0, failed: 1, usage: 2, refused: 3, waiting: 4, unknown: 5, undone: undoneCode } as const;

const codes: Readonly<Record<Refusal['kind'], number>> = {
  invalid: exitCode.usage,
  forbidden: exitCode.refused,
  'not-found': exitCode.refused,
  conflict: exitCode.refused,
  stale: exitCode.refused,
  'waiting-for-approval': exitCode.waiting,
  failed: exitCode.failed,
  unknown: exitCode.unknown,
};

export const exitCodeOf = (outcome: Outcome<unknown>): number => (outcome.ok ? exitCode.done : codes[outcome.refusal.kind]);

/** Of several results the worst: what nobody knows, then what failed, then what was refused. */
export const worstCode = (outcomes: readonly Outcome<unknown>[]): number => {
  const found = new Set(outcomes.map(exitCodeOf));
  const order = [exitCode.unknown, exitCode.failed, exitCode.refused, exitCode.waiting, exitCode.usage];
  return order.find(code => found.has(code)) ?? exitCode.done;
};
