import type { Receipt } from '../../kit/request.ts';
import type { State } from './types.ts';

/** Things done that are remembered for `z` and the event strip. */
const remembered = 50;

/** Remembers what was done, the newest first. */
export const remember = (state: State, receipts: readonly Receipt[], at: number): State => {
  if (receipts.length === 0) return state;
  const newest = receipts.map(receipt => ({ receipt, at, undone: false })).toReversed();
  return { ...state, done: [...newest, ...state.done].slice(0, remembered) };
};
