import type { HostNews, LogState } from '../../domain/host-news.ts';
import type { LogLevel } from '../../domain/log-lines.ts';
import type { LogRequest } from '../../domain/log-request.ts';

/** What a host said, or what happened to it. */
export type LogItem =
  { readonly host: string; readonly file: string; readonly text: string } | { readonly host: string; readonly news: HostNews };

export type LogLine = {
  /** Lines are numbered as they come, from 0. */
  readonly seq: number;
  readonly host: string;
  readonly file: string;
  readonly text: string;
  readonly level: LogLevel | undefined;
  /** The console itself says it, not the host. */
  readonly isNote: boolean;
};

/** The newest lines; memory is bounded by lines and by characters. */
export type LogRing = {
  readonly lines: readonly LogLine[];
  readonly characters: number;
  /** The number of the line that comes next. */
  readonly next: number;
  /** Lines that were held and are no more. */
  readonly fallen: number;
};

export type FollowedHost = {
  readonly host: string;
  readonly state: 'asked' | 'followed' | 'lost' | 'given-up';
  readonly why: string;
  /** When a lost one is looked for again, milliseconds of the epoch. */
  readonly againAt: number;
  /** What there is to say of its logs, by their path. */
  readonly files: Readonly<Record<string, { readonly state: LogState; readonly at: number }>>;
};

/** Where somebody looks who does not follow the end: numbers of lines. */
type LogPlace = {
  readonly cursor: number;
  readonly top: number;
  /** The newest line that was on screen. */
  readonly seen: number;
};

export type LogsState = {
  /** Which following it is: answers to another one are dropped. */
  readonly follow: string;
  readonly request: LogRequest;
  readonly ring: LogRing;
  /** What is shown of what is held. */
  readonly level: LogLevel | undefined;
  readonly words: string;
  readonly shown: readonly LogLine[];
  /** Undefined while the end is followed. */
  readonly at: LogPlace | undefined;
  readonly paused: boolean;
  /** While words are typed: what they were before, and the edition of their field. */
  readonly typing: { readonly before: string; readonly edition: number } | undefined;
  /** The line under the cursor is read whole; closed, one looks at `from` again, or follows the end again. */
  readonly whole: { readonly scroll: number; readonly from: LogPlace | undefined } | undefined;
  readonly hosts: readonly FollowedHost[];
  /** Why nothing more comes. */
  readonly ended: string | undefined;
  /** The following that is asked for in place of this one. */
  readonly again: string | undefined;
};

/** What is wanted of whoever reads: `hold` takes no more for now, `rest` closes the connections as well, and both go on where they were. */
export type LogDemand = 'flow' | 'hold' | 'rest' | 'end';
