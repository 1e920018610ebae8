import type { Step } from './effects.ts';
import type { Event } from './events.ts';
import { layoutOf } from './layout.ts';
import { stay, step } from './step.ts';
import type { State } from './types.ts';

/** Asks for what happened last, where there is room to show it. One at a time: a slow database is not asked faster than it answers. */
export const readStream = (state: State): Step => {
  const { stream, strip } = layoutOf(state.size);
  if (!stream || !state.session || state.stream.reading) return stay(state);
  return step({ ...state, stream: { ...state.stream, reading: true } }, { kind: 'read-stream', most: strip - 1 });
};

/** What another operator was shown on this screen is dropped. */
export const streamRead = (state: State, { by, lines }: Extract<Event, { kind: 'stream-read' }>): Step =>
  stay({ ...state, stream: { lines: state.session?.operator.id === by ? (lines ?? []) : [], reading: false } });
