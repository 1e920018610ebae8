import { done } from '../../src/domain/outcome.ts';
import { PlatformProfile } from '../../src/domain/platform-profile.ts';
import type { LogItem, LogsState } from '../../src/tui/state/log-types.ts';
import { newLogs } from '../../src/tui/state/log-events.ts';
import { findMode } from '../../src/tui/state/mode.ts';
import type { Size, State } from '../../src/tui/state/types.ts';
import { aSession, aState, noon, small } from './state.ts';
import { happen } from './state-play.ts';

const platform = PlatformProfile.parse({ logs: ['/var/log/bank/app.log', '/var/log/bank/jobs.log'] });

/** A session that may read logs; nothing is read by it. */
export const readingSession = () =>
  aSession({ platform }, { logs: { hosts: async () => ['web1', 'web2'], open: async () => done({ read: async () => true }) } });

/** `app.log` of two hosts is followed, and nothing has come yet. */
export const followed = (changes: Partial<LogsState> = {}, size: Size = small): State => {
  const logs = newLogs('f1', { hosts: ['web1', 'web2'], file: ['/var/log/bank/app.log'], level: undefined, words: undefined, last: 10 });
  const state = { ...aState(size), session: readingSession(), mode: { kind: 'logs', logs: { ...logs, ...changes } } as const };
  return { ...state, pulse: { ...state.pulse, keyAt: noon } };
};

export const said = (text: string, host = 'web1', file = 'app.log'): LogItem => ({ host, file, text });

/** So many lines, from a number on. */
export const lines = (count: number, from = 1): readonly LogItem[] =>
  Array.from({ length: count }, (_, index) =>
    said(`2026-11-20T12:04:31Z ${(from + index) % 5 === 0 ? 'ERROR' : 'INFO'} line ${from + index}`),
  );

export const read = (state: State, ...items: readonly LogItem[]): State => happen(state, { kind: 'log-read', follow: 'f1', items }).state;

export const logsIn = (state: State): LogsState => {
  const logs = findMode(state.mode, 'logs')?.logs;
  if (!logs) throw new Error(`no logs are followed: ${state.mode.kind}`);
  return logs;
};
