import type { Count, Keyed, Place, Sort } from '../../domain/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { Refusal } from '../../domain/outcome.ts';
import type { DetailSection, StreamLine } from '../../kit/define-resource.ts';
import type { Preview, Receipt, RunOptions, Typed } from '../../kit/request.ts';
import type { BulkPreview, BulkResult, RecordResult } from '../../kit/run-bulk.ts';
import type { WayBack } from '../../kit/define-action.ts';
import type { Registry, Session } from '../../kit/session.ts';
import type { LogsState } from './log-types.ts';
import type { After, LockState, PulseState, Sheet } from './session-types.ts';
import type { Gate } from '../../kit/gate.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** Rows held around the visible ones; a list of five million is never in memory. */
export type Window = {
  readonly rows: readonly Keyed[];
  /** Whether rows exist before the first and after the last one held. */
  readonly moreBefore: boolean;
  readonly moreAfter: boolean;
};

export type Detail = {
  readonly id: bigint;
  /** Undefined while they are read. */
  readonly sections?: readonly DetailSection[];
  readonly error?: string;
  readonly scroll: number;
  /** When it was last asked for, milliseconds of the epoch. */
  readonly askedAt: number;
};

export type Reading = 'first' | 'before' | 'after' | 'last';

/** One list as it was left: history restores it with cursor, marks and filter. */
export type View = {
  readonly resource: string;
  /** What the view was opened with (`:`, a jump); Esc does not clear it. */
  readonly base: string;
  /** What was typed after `/`. */
  readonly filter: string;
  /** Both together. */
  readonly terms: readonly Term[];
  readonly sort: Sort;
  readonly window: Window;
  /** Id of the record under the cursor: the cursor follows the record, not the line. */
  readonly cursor: bigint | undefined;
  /** That record, where its detail is open and the list has it no more. */
  readonly left: Keyed | undefined;
  /** Index in the window of the first visible row. */
  readonly top: number;
  readonly marks: ReadonlySet<string>;
  /** How many of the marked records the filter hides. */
  readonly hidden: number;
  /** Where a range of marks began. */
  readonly rangeFrom: bigint | undefined;
  readonly count: Count | undefined;
  readonly countedAt: number;
  /** The first row of all when the list was last read from its beginning; `newer` counts from it. */
  readonly first: Place | undefined;
  /** Rows that came above the remembered first one; 1000 means "1000 or more". */
  readonly newer: number;
  readonly detail: Detail | undefined;
  /** The focus is on the detail (Enter, Tab): moving scrolls it. */
  readonly inDetail: boolean;
  readonly status: 'loading' | 'ready' | 'failed';
  /** The page that is being read. */
  readonly reading: Reading | undefined;
  /** Lines the cursor still has to go when the page that is being read arrives. */
  readonly owed: number;
  readonly error: string | undefined;
  /** When the visible rows were last read, milliseconds of the epoch. */
  readonly readAt: number;
  readonly wide: boolean;
  /** First scrolled column (the one after it that stays). */
  readonly scrolled: number;
  /** Column titles a person chose; undefined is the resource's own choice. */
  readonly columns: readonly string[] | undefined;
};

export type FormState = Sheet & {
  readonly action: string;
  /** The idempotency key, fixed when the form opened. */
  readonly request: string;
  /** Records the action is for: one id, several for a bulk, none for a general action. */
  readonly ids: readonly string[];
  readonly hiddenByFilter: number;
  /** What its fields may be filled in with is being read. */
  readonly asking: boolean;
  /** Values that were filled in because there is no other: what is typed takes their place. */
  readonly offered: Typed;
  /** Set for an undo: the request that is undone, and the ways back that remain if this one is closed. */
  readonly undoing?: { readonly request: string; readonly others: readonly WayBack[] };
};

export type ConfirmState = {
  readonly form: FormState;
  readonly preview: Preview | undefined;
  readonly bulk: BulkPreview | undefined;
  /** The words that must be typed; empty where none are asked for. */
  readonly words: string;
  /** What has been typed of the words a typed danger asks for. */
  readonly typed: string;
  /** As for forms. */
  readonly edition: number;
  readonly focus: 'cancel' | 'confirm' | 'words';
  /** The confirm button works from this time on (300 ms after it appeared), milliseconds of the epoch. */
  readonly armedAt: number;
  readonly scroll: number;
  readonly waiting: boolean;
};

export type BulkState = {
  readonly form: FormState;
  readonly total: number;
  readonly results: readonly RecordResult[];
  /** The first record is done and the others wait for a yes. */
  readonly atCanary: boolean;
  readonly focus: 'stop' | 'go-on';
  /** The buttons at the canary work from this time on, milliseconds of the epoch. */
  readonly armedAt: number;
  /** It stops after the record that is under way. */
  readonly aborting: boolean;
  readonly startedAt: number;
  readonly finished: BulkResult | undefined;
  readonly scroll: number;
};

export type Choice = { readonly key: string; readonly label: string; readonly disabled?: string };

/** The line at the bottom that filters and commands are typed into. */
export type Line = {
  readonly text: string;
  readonly error?: string;
  readonly next?: string;
  /** Whole texts that Tab goes through. */
  readonly completions: readonly string[];
  /** Index in the completions; -1 before the first Tab. */
  readonly chosen: number;
  /** How far back in what was typed earlier; 0 is the line of now, which is kept in `draft`. */
  readonly past: number;
  readonly draft: string;
  /** Changed from outside the field; the field starts anew with the cursor at the end. */
  readonly edition: number;
};

export type Mode =
  | { readonly kind: 'browse' }
  | { readonly kind: 'filter'; readonly line: Line }
  /** `under` had the focus: logs that are followed on while it is typed. */
  | { readonly kind: 'command'; readonly line: Line; readonly under?: Mode }
  /** `x`: the actions on this record, greyed with the reason. */
  | { readonly kind: 'actions'; readonly choices: readonly Choice[]; readonly chosen: number }
  | { readonly kind: 'form'; readonly form: FormState }
  | { readonly kind: 'confirm'; readonly confirm: ConfirmState }
  | { readonly kind: 'bulk'; readonly bulk: BulkState }
  /** Which logs are to be followed; `follow` once that was asked. */
  | { readonly kind: 'logs-form'; readonly sheet: Sheet; readonly follow: string | undefined }
  | { readonly kind: 'logs'; readonly logs: LogsState }
  | { readonly kind: 'columns'; readonly chosen: number }
  | { readonly kind: 'sort'; readonly chosen: number }
  | { readonly kind: 'saved'; readonly names: readonly string[]; readonly chosen: number }
  /** `under` had the focus and gets it back; `tour` is the step of the tour. */
  | { readonly kind: 'help'; readonly scroll: number; readonly tour: number | undefined; readonly under: Mode }
  | { readonly kind: 'quit'; readonly under?: Mode }
  /** Why and for how long this session may write; a draft under it is gone on with afterwards. */
  | { readonly kind: 'window'; readonly sheet: Sheet; readonly after: After; readonly under: Mode }
  /** `W` while a window is open, or was in an incident: what to do with it. */
  | { readonly kind: 'window-menu'; readonly choices: readonly Choice[]; readonly chosen: number; readonly under: Mode }
  | { readonly kind: 'code'; readonly sheet: Sheet; readonly after: After; readonly under: Mode }
  | { readonly kind: 'sign-in'; readonly sheet: Sheet; readonly refusal: Refusal | undefined; readonly under: Mode }
  | { readonly kind: 'lock'; readonly lock: LockState; readonly under: Mode }
  /** An older backup was restored under it, and its migrations wait. */
  | { readonly kind: 'lacking'; readonly under: Mode }
  /** The session is over; `why` as the database says it. */
  | { readonly kind: 'ended'; readonly why: string; readonly under: Mode };

export type Flash = { readonly tone: 'good' | 'warn' | 'bad' | 'info'; readonly text: string; readonly next?: string };

/** What happened lately, for the event strip and `z`. */
export type Done = { readonly receipt: Receipt; readonly at: number; readonly undone: boolean };

/** A request whose outcome is not known yet; found out by its key, never by doing it again. */
export type Unsettled = {
  readonly action: string;
  readonly typed: Typed;
  readonly options: RunOptions;
  readonly label: string;
  readonly askedAt: number;
};

export type State = {
  readonly size: Size;
  /** Everything there is to see and do. */
  readonly registry: Registry;
  /** The ids of requests are made from this and a counter, so that `update` stays pure. */
  readonly seed: string;
  readonly requests: number;
  /** Undefined until the database answered for the first time. */
  readonly session: Session | undefined;
  /** Where somebody signs in; undefined where the start did it by itself. */
  readonly gate: Gate | undefined;
  readonly pulse: PulseState;
  /** What the start is busy with, or why it failed. */
  readonly starting: string;
  readonly view: View;
  readonly back: readonly View[];
  readonly forward: readonly View[];
  readonly mode: Mode;
  readonly flash: Flash | undefined;
  /** When the flash was shown, milliseconds of the epoch. */
  readonly flashedAt: number;
  readonly paused: boolean;
  readonly follow: boolean;
  /** Set while the database does not answer: since when, milliseconds of the epoch. */
  readonly lostSince: number | undefined;
  /** Done in this session, newest first, at most 50. */
  readonly done: readonly Done[];
  readonly unsettled: readonly Unsettled[];
  /** Commands and filters typed earlier, newest first. */
  readonly commands: readonly string[];
  readonly filters: readonly string[];
  /** Saved filters by resource: name → filter text. */
  readonly saved: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Columns that a person chose, by resource. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** A refresh is under way; the next waits for it. */
  readonly refreshing: boolean;
  /** The newest of what happens, on a screen that has room for it; read one at a time. */
  readonly stream: { readonly lines: readonly StreamLine[]; readonly reading: boolean };
  /** Milliseconds of the epoch, moved by ticks only. */
  readonly now: number;
  /** Number of the newest request of each kind; older answers are dropped. */
  readonly asked: Readonly<Record<'page' | 'count' | 'detail' | 'refresh' | 'marks' | 'pulse', number>>;
};
