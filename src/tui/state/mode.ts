import type { BulkState, Mode, State } from './types.ts';

/** What hides everything else: nobody sees the bank before they signed in, while it is locked or of another schema, or after their session ended. */
export type Cover = Extract<Mode, { kind: 'sign-in' | 'lock' | 'lacking' | 'ended' }>;

export const underOf = (mode: Mode): Mode | undefined => ('under' in mode ? mode.under : undefined);

/** The cover that is on screen, be it under the question whether to leave. */
export const coverOf = (mode: Mode): Cover | undefined => {
  if (mode.kind === 'sign-in' || mode.kind === 'lock' || mode.kind === 'lacking' || mode.kind === 'ended') return mode;
  return mode.kind === 'quit' && mode.under ? coverOf(mode.under) : undefined;
};

export const isCovered = ({ mode }: State): boolean => coverOf(mode) !== undefined;

/** The uppermost mode of a kind, whatever lies over it. */
export const findMode = <Kind extends Mode['kind']>(mode: Mode, kind: Kind): Extract<Mode, { kind: Kind }> | undefined => {
  if (mode.kind === kind) return mode as Extract<Mode, { kind: Kind }>;
  const under = underOf(mode);
  return under && findMode(under, kind);
};

/** The same with the uppermost mode of a kind in another state; what lies over it stays. */
export const changeMode = <Kind extends Mode['kind']>(
  mode: Mode,
  kind: Kind,
  change: (found: Extract<Mode, { kind: Kind }>) => Mode,
): Mode => {
  if (mode.kind === kind) return change(mode as Extract<Mode, { kind: Kind }>);
  const under = underOf(mode);
  return under ? ({ ...mode, under: changeMode(under, kind, change) } as Mode) : mode;
};

/** The bulk that is being carried out now: not one that waits after its first record, nor one that is done. */
export const runningBulk = ({ mode }: State): BulkState | undefined => {
  const bulk = findMode(mode, 'bulk')?.bulk;
  return bulk && !bulk.atCanary && !bulk.finished ? bulk : undefined;
};
