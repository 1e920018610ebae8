import type { Count, Keyed, Page } from '../../domain/page.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { DetailSection, StreamLine } from '../../kit/define-resource.ts';
import type { Offers } from '../../kit/offers.ts';
import type { Pulse } from '../../kit/presence.ts';
import type { Preview, Receipt } from '../../kit/request.ts';
import type { BulkPreview, BulkResult, RecordResult } from '../../kit/run-bulk.ts';
import type { Session } from '../../kit/session.ts';
import type { Gate } from '../../kit/gate.ts';
import type { LogRequest } from '../../domain/log-request.ts';
import type { LogItem } from './log-types.ts';
import type { Reading, Size, State } from './types.ts';

/** What a key means, whatever key it is; keys.ts is the one table that says which. */
export type Intent =
  | { readonly name: 'moved'; readonly by: number | 'page-down' | 'page-up' | 'half-down' | 'half-up' | 'first' | 'last' }
  /** Sideways: through the choices of a field, between buttons. */
  | { readonly name: 'stepped'; readonly by: 1 | -1 }
  | { readonly name: 'scrolled'; readonly by: 1 | -1 }
  | { readonly name: 'record-chosen'; readonly by: 1 | -1 }
  | {
      readonly name:
        | 'cleared'
        | 'opened'
        | 'detail-opened'
        | 'escaped'
        | 'confirmed'
        | 'quit-asked'
        | 'interrupted'
        | 'redrawn'
        | 'suspended'
        | 'tabbed'
        | 'back-tabbed'
        | 'command-opened'
        | 'filter-opened'
        | 'went-back'
        | 'went-forward'
        | 'went-last'
        | 'marked'
        | 'range-marked'
        | 'all-marked'
        | 'sort-opened'
        | 'sort-reversed'
        | 'columns-opened'
        | 'toggled'
        | 'widened'
        | 'paused'
        | 'refreshed'
        | 'followed'
        | 'copied'
        | 'link-copied'
        | 'export-opened'
        | 'actions-opened'
        | 'undone'
        | 'helped'
        | 'toured'
        | 'window-opened'
        | 'inbox-opened'
        | 'incident-opened'
        | 'note-opened'
        | 'logs-asked';
    }
  | { readonly name: 'pane-chosen'; readonly index: number }
  | { readonly name: 'jumped'; readonly key: 'u' | 'a' | 't' | 'l' | 'T' }
  /** A letter where letters choose. */
  | { readonly name: 'letter-typed'; readonly letter: string };

/** What was being read when it failed. */
export type Read = 'page' | 'count' | 'detail' | 'refresh' | 'marks';

/** What happened: keys as intents, and answers. In the past tense. Answers carry the number they were asked under. */
export type Happening =
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'ticked' }
  | { readonly kind: 'start-progressed'; readonly text: string }
  | { readonly kind: 'connected'; readonly session: Session }
  /** Nobody looks before somebody has signed in. */
  | { readonly kind: 'gate-opened'; readonly gate: Gate }
  | { readonly kind: 'sign-in-answered'; readonly outcome: Outcome<Session> }
  | { readonly kind: 'became'; readonly outcome: Outcome<Session> }
  | { readonly kind: 'pulse-felt'; readonly asked: number; readonly pulse: Pulse }
  | { readonly kind: 'pulse-failed'; readonly asked: number; readonly lost: boolean }
  | { readonly kind: 'window-answered'; readonly outcome: Outcome<Date> }
  | { readonly kind: 'window-closed' }
  | { readonly kind: 'code-answered'; readonly outcome: Outcome<true> }
  /** The code that a demo shows in place of the one on somebody's telephone. */
  | { readonly kind: 'demo-code-shown'; readonly code: string }
  | { readonly kind: 'session-locked' }
  | { readonly kind: 'unlock-answered'; readonly outcome: Outcome<true> }
  | { readonly kind: 'key-pressed'; readonly intent: Intent }
  | { readonly kind: 'text-changed'; readonly text: string }
  | { readonly kind: 'pasted' }
  | { readonly kind: 'page-read'; readonly asked: number; readonly place: Reading; readonly page: Page<Keyed> }
  | {
      readonly kind: 'page-refreshed';
      readonly asked: number;
      /** The row that the page was read from; undefined for the beginning of the list. */
      readonly from: bigint | undefined;
      readonly page: Page<Keyed>;
      readonly newer: number;
      /** The record whose detail is open, where it is watched and this page has it no more. */
      readonly left?: Keyed | undefined;
    }
  | { readonly kind: 'rows-counted'; readonly asked: number; readonly count: Count }
  | { readonly kind: 'detail-read'; readonly asked: number; readonly id: bigint; readonly sections: readonly DetailSection[] }
  | {
      readonly kind: 'ids-frozen';
      readonly asked: number;
      readonly ids: readonly string[];
      readonly more: boolean;
      readonly begins?: string;
    }
  | { readonly kind: 'marks-matched'; readonly asked: number; readonly hidden: number }
  /** Undefined where they could not be read; `by` is whose screen it was then. */
  | { readonly kind: 'stream-read'; readonly by: bigint; readonly lines: readonly StreamLine[] | undefined }
  | { readonly kind: 'read-failed'; readonly asked: number; readonly what: Read; readonly message: string; readonly lost: boolean }
  | { readonly kind: 'record-found'; readonly resource: string; readonly row: Keyed | undefined }
  | { readonly kind: 'offered'; readonly request: string; readonly offers: Offers }
  | { readonly kind: 'previewed'; readonly request: string; readonly outcome: Outcome<Preview> }
  | { readonly kind: 'bulk-previewed'; readonly request: string; readonly outcome: Outcome<BulkPreview> }
  | { readonly kind: 'finished'; readonly request: string; readonly outcome: Outcome<Receipt> }
  | { readonly kind: 'settled'; readonly request: string; readonly outcome: Outcome<Receipt> }
  | { readonly kind: 'records-finished'; readonly request: string; readonly results: readonly RecordResult[]; readonly atCanary: boolean }
  | { readonly kind: 'bulk-finished'; readonly request: string; readonly outcome: Outcome<BulkResult> }
  | { readonly kind: 'log-hosts-listed'; readonly hosts: readonly string[] }
  | { readonly kind: 'logs-opened'; readonly follow: string; readonly request: LogRequest; readonly outcome: Outcome<true> }
  | { readonly kind: 'log-read'; readonly follow: string; readonly items: readonly LogItem[] }
  | { readonly kind: 'logs-ended'; readonly follow: string; readonly why: string }
  | { readonly kind: 'saved-read'; readonly saved: State['saved'] }
  | { readonly kind: 'told'; readonly tone: 'good' | 'info'; readonly text: string; readonly next?: string }
  | { readonly kind: 'failed'; readonly message: string; readonly next?: string };

export type Event = Happening & {
  /** When, milliseconds of the epoch. */
  readonly at: number;
};
