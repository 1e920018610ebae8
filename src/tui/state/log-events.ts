import path from 'node:path';
import { newsWords } from '../../domain/host-news.ts';
import { levelOf } from '../../domain/log-lines.ts';
import type { LogRequest } from '../../domain/log-request.ts';
import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { logHostsListed } from './log-form.ts';
import { newHost, withNews } from './log-hosts.ts';
import { added, emptyRing } from './log-ring.ts';
import type { FollowedHost, LogItem, LogLine, LogsState } from './log-types.ts';
import { shows, withoutFallen } from './log-view.ts';
import { withLogs } from './logs.ts';
import { changeMode, findMode } from './mode.ts';
import { stay } from './step.ts';
import type { State } from './types.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

export const newLogs = (follow: string, request: LogRequest): LogsState => ({
  follow,
  request,
  ring: emptyRing,
  level: undefined,
  words: '',
  shown: [],
  at: undefined,
  paused: false,
  typing: undefined,
  whole: undefined,
  hosts: request.hosts.map(newHost),
  ended: undefined,
  again: undefined,
});

const logsOf = (state: State, follow: string): LogsState | undefined => {
  const logs = findMode(state.mode, 'logs')?.logs;
  return logs?.follow === follow ? logs : undefined;
};

/** What the console says in the list itself; that a host is still away is said below it. */
const noteOf = ({ host, news }: Extract<LogItem, { news: unknown }>, before: FollowedHost | undefined): readonly Omit<LogLine, 'seq'>[] => {
  const words = newsWords(news.kind === 'file' ? { ...news, file: path.basename(news.file) } : news);
  if (words === undefined || (news.kind === 'lost' && before?.state === 'lost')) return [];
  return [{ host, file: news.kind === 'file' ? path.basename(news.file) : '', text: words, level: undefined, isNote: true }];
};

/** Lines and news came, in their order. */
const logRead = (state: State, { follow, items, at }: Of<'log-read'>): Step => {
  const logs = logsOf(state, follow);
  if (!logs) return stay(state);
  const hosts = new Map(logs.hosts.map(host => [host.host, host] as const));
  const came = items.flatMap((item): readonly Omit<LogLine, 'seq'>[] => {
    if ('text' in item) return [{ ...item, level: levelOf(item.text), isNote: false }];
    const before = hosts.get(item.host);
    if (before) hosts.set(item.host, withNews(before, item.news, at));
    return noteOf(item, before);
  });
  const ring = added(logs.ring, came, logs.at?.top);
  const fresh = ring.lines.slice(ring.lines.length - Math.min(came.length, ring.lines.length)).filter(shows(logs));
  const next = withoutFallen({ ...logs, ring, hosts: [...hosts.values()], shown: [...logs.shown, ...fresh] });
  return stay(withLogs(state, next));
};

/** Nothing more comes. */
const logsEnded = (state: State, { follow, why }: Of<'logs-ended'>): Step => {
  const logs = logsOf(state, follow);
  return stay(logs && logs.ended === undefined ? withLogs(state, { ...logs, ended: why }) : state);
};

/** They may be read, or not: asked for by the form, or anew. */
const logsOpened = (state: State, { follow, request, outcome }: Of<'logs-opened'>): Step => {
  const opens = newLogs(follow, request);
  const form = findMode(state.mode, 'logs-form');
  if (form?.follow === follow) {
    if (outcome.ok)
      return stay({ ...state, mode: changeMode(state.mode, 'logs-form', () => ({ kind: 'logs', logs: opens })), flash: undefined });
    const { message, next } = outcome.refusal;
    const sheet = { ...form.sheet, waiting: false, focus: 0, errors: { '': next === undefined ? message : `${message}; ${next}` } };
    return stay({ ...state, mode: changeMode(state.mode, 'logs-form', mode => ({ ...mode, sheet })) });
  }
  const logs = findMode(state.mode, 'logs')?.logs;
  if (logs?.again !== follow) return stay(state);
  const { level, words } = logs;
  return stay(withLogs(state, outcome.ok ? { ...opens, level, words } : { ...logs, again: undefined, ended: outcome.refusal.message }));
};

/** What comes of asking for logs, and of following them. */
export const ofLogs = (state: State, event: Event): Step | undefined => {
  switch (event.kind) {
    case 'log-hosts-listed':
      return logHostsListed(state, event);
    case 'logs-opened':
      return logsOpened(state, event);
    case 'log-read':
      return logRead(state, event);
    case 'logs-ended':
      return logsEnded(state, event);
    default:
      return undefined;
  }
};
