import type { HostNews } from '../../domain/host-news.ts';
import { layoutOf } from './layout.ts';
import type { FollowedHost, LogsState } from './log-types.ts';
import type { Size } from './types.ts';

export const newHost = (host: string): FollowedHost => ({ host, state: 'asked', why: '', againAt: 0, files: {} });

/** Logs that a host does not have, or does not let us read. */
export const missingOf = ({ files }: FollowedHost): readonly string[] =>
  Object.entries(files).flatMap(([file, { state }]) => (state === 'absent' || state === 'unreadable' ? [file] : []));

/** A host of which there is more to say than that it is followed, or asked. */
export const isTroubled = (host: FollowedHost): boolean => host.state === 'lost' || host.state === 'given-up' || missingOf(host).length > 0;

/** The host after news; what was said of a log stays until there is better news. */
export const withNews = (host: FollowedHost, news: HostNews, at: number): FollowedHost => {
  switch (news.kind) {
    case 'reached':
      return { ...host, state: 'followed', why: '' };
    case 'lost':
      return { ...host, state: 'lost', why: news.why, againAt: at + news.waitMs };
    case 'given-up':
      return { ...host, state: 'given-up', why: news.why };
    case 'file': {
      const { [news.file]: before, ...others } = host.files;
      if (news.state !== 'read') return { ...host, files: { ...host.files, [news.file]: { state: news.state, at } } };
      return before?.state === 'absent' || before?.state === 'unreadable' ? { ...host, files: others } : host;
    }
  }
};

/** Lines between the crumbs and the status. */
const areaOf = (size: Size): number => {
  const { status, flash, hints } = layoutOf(size);
  return Math.max(0, size.rows - 2 - status - flash - hints);
};

/** Lines that tell of hosts: one for all that are followed, one for those that are asked, one for each that has trouble; a quarter of the screen at most. */
export const hostLines = ({ hosts }: LogsState, size: Size): number => {
  const quiet = new Set(hosts.filter(host => !isTroubled(host)).map(({ state }) => state)).size;
  return Math.min(quiet + hosts.filter(isTroubled).length, Math.max(1, Math.floor(areaOf(size) / 4)));
};

/** Lines of logs on screen, under their header. */
export const logRows = (logs: LogsState, size: Size): number => Math.max(1, areaOf(size) - hostLines(logs, size) - 1);
