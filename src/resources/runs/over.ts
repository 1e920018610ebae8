import type { RunStatus } from '../../domain/run.ts';

/** That nothing more becomes of a run: `run 12 is over: it failed`. */
export const overWords = (id: bigint, status: RunStatus): string =>
  `run ${id} is over: it ${status === 'aborted' ? 'was aborted' : status}`;
