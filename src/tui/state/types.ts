import type { Count, Keyed, Page, Sort } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { DetailSection } from '../../kit/define-resource.ts';
import type { FieldErrors, FormField } from '../../kit/form-fields.ts';
import type { Preview, Receipt, Typed } from '../../kit/run-action.ts';
import type { BulkPreview, BulkResult, RecordResult } from '../../kit/run-bulk.ts';
import type { WayBack } from '../../kit/define-action.ts';
import type { Session } from '../../kit/session.ts';

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
};

/** One list as it was left: history restores it with cursor, marks and filter. */
export type View = {
  readonly resource: string;
  readonly filter: string;
  readonly terms: readonly Term[];
  readonly sort: Sort;
  readonly window: Window;
  /** Id of the record under the cursor: the cursor follows the record, not the line. */
  readonly cursor: bigint | undefined;
  /** Index in the window of the first visible row. */
  readonly top: number;
  readonly marks: ReadonlySet<string>;
  /** Where a range of marks began. */
  readonly rangeFrom: bigint | undefined;
  readonly count: Count | undefined;
  /** Rows that came above the remembered first one; 1000 means "1000 or more". */
  readonly newer: number;
  readonly detail: Detail | undefined;
  /** The focus is on the detail (Enter, Tab): moving scrolls it. */
  readonly inDetail: boolean;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: string | undefined;
  /** When the visible rows were last read, milliseconds of the epoch. */
  readonly readAt: number;
  readonly wide: boolean;
  /** First scrolled column (the one after it that stays). */
  readonly scrolled: number;
  /** Column titles a person chose; undefined is the resource's own choice. */
  readonly columns: readonly string[] | undefined;
};

export type FormState = {
  readonly action: string;
  readonly title: string;
  /** The idempotency key, fixed when the form opened. */
  readonly request: string;
  readonly fields: readonly FormField[];
  readonly typed: Typed;
  /** Index of the field with the focus; fields.length is the buttons. */
  readonly focus: number;
  readonly errors: FieldErrors;
  /** Records the action is for: one id, several for a bulk, none for a general action. */
  readonly ids: readonly string[];
  readonly hiddenByFilter: number;
  readonly waiting: boolean;
};

export type ConfirmState = {
  readonly form: FormState;
  readonly preview: Preview | undefined;
  readonly bulk: BulkPreview | undefined;
  /** What has been typed of the words a typed danger asks for. */
  readonly typed: string;
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
  readonly startedAt: number;
  readonly finished: BulkResult | undefined;
  readonly scroll: number;
};

export type Choice = { readonly key: string; readonly label: string; readonly disabled?: string };

export type Mode =
  | { readonly kind: 'browse' }
  | { readonly kind: 'filter'; readonly text: string; readonly error?: string; readonly before: string }
  | { readonly kind: 'command'; readonly text: string; readonly error?: string; readonly completions: readonly string[]; readonly chosen: number; readonly past: number }
  /** `x`: the actions on this record, greyed with the reason. */
  | { readonly kind: 'actions'; readonly choices: readonly Choice[]; readonly chosen: number }
  | { readonly kind: 'form'; readonly form: FormState }
  | { readonly kind: 'confirm'; readonly confirm: ConfirmState }
  | { readonly kind: 'bulk'; readonly bulk: BulkState }
  | { readonly kind: 'columns'; readonly chosen: number }
  | { readonly kind: 'sort'; readonly chosen: number }
  | { readonly kind: 'saved'; readonly names: readonly string[]; readonly chosen: number }
  | { readonly kind: 'help'; readonly scroll: number; readonly tour: number | undefined }
  | { readonly kind: 'quit' };

export type Flash = { readonly tone: 'good' | 'warn' | 'bad' | 'info'; readonly text: string; readonly next?: string };

/** What happened lately, for the event strip and `z`. */
export type Done = { readonly receipt: Receipt; readonly at: number };

export type State = {
  readonly size: Size;
  /** Undefined until the database answered for the first time. */
  readonly session: Session | undefined;
  /** What the start is busy with, or why it failed. */
  readonly starting: string;
  readonly view: View;
  readonly back: readonly View[];
  readonly forward: readonly View[];
  readonly mode: Mode;
  readonly flash: Flash | undefined;
  readonly paused: boolean;
  readonly follow: boolean;
  /** Set while the database does not answer: since when, milliseconds of the epoch. */
  readonly lostSince: number | undefined;
  /** Done in this session, newest first, at most 50. */
  readonly done: readonly Done[];
  /** A request whose outcome is not known yet; settled by its key. */
  readonly unsettled: { readonly action: string; readonly request: string } | undefined;
  readonly commands: readonly string[];
  /** Saved filters by resource: name → filter text. */
  readonly saved: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Milliseconds of the epoch, moved by ticks only. */
  readonly now: number;
  /** Number of the newest request of each kind; older answers are dropped. */
  readonly asked: Readonly<Record<'page' | 'count' | 'detail' | 'preview' | 'refresh', number>>;
};

/** What happened: keys as intents, and answers. In the past tense. */
export type Event =
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'ticked'; readonly now: number }
  | { readonly kind: 'connected'; readonly session: Session }
  | { readonly kind: 'start-progressed'; readonly text: string }
  | { readonly kind: 'key-pressed'; readonly intent: Intent }
  | { readonly kind: 'text-changed'; readonly text: string }
  | { readonly kind: 'pasted'; readonly text: string }
  | { readonly kind: 'page-read'; readonly asked: number; readonly place: 'first' | 'before' | 'after'; readonly page: Page<Keyed> }
  | { readonly kind: 'page-refreshed'; readonly asked: number; readonly page: Page<Keyed>; readonly newer: number }
  | { readonly kind: 'rows-counted'; readonly asked: number; readonly count: Count }
  | { readonly kind: 'detail-read'; readonly asked: number; readonly id: bigint; readonly sections: readonly DetailSection[] }
  | { readonly kind: 'read-failed'; readonly asked: number; readonly what: 'page' | 'count' | 'detail' | 'refresh'; readonly message: string; readonly lost: boolean }
  | { readonly kind: 'previewed'; readonly asked: number; readonly outcome: Outcome<Preview> }
  | { readonly kind: 'bulk-previewed'; readonly asked: number; readonly outcome: Outcome<BulkPreview> }
  | { readonly kind: 'finished'; readonly outcome: Outcome<Receipt> }
  | { readonly kind: 'record-finished'; readonly result: RecordResult }
  | { readonly kind: 'canary-finished' }
  | { readonly kind: 'bulk-finished'; readonly outcome: Outcome<BulkResult> }
  | { readonly kind: 'ids-frozen'; readonly ids: readonly string[]; readonly more: boolean }
  | { readonly kind: 'exported'; readonly file: string; readonly rows: number }
  | { readonly kind: 'copied'; readonly what: string }
  | { readonly kind: 'saved-read'; readonly saved: State['saved'] }
  | { readonly kind: 'failed'; readonly message: string; readonly next?: string };

/** What a key means, whatever key it is; keys.ts is the one table that says which. */
export type Intent =
  | { readonly name: 'moved'; readonly by: number | 'page-down' | 'page-up' | 'half-down' | 'half-up' | 'first' | 'last' }
  | {
      readonly name:
        | 'opened' | 'escaped' | 'quit-asked' | 'interrupted' | 'redrawn' | 'tabbed' | 'back-tabbed' | 'command-opened' | 'filter-opened'
        | 'next-match' | 'previous-match' | 'went-back' | 'went-forward' | 'went-last' | 'marked' | 'range-marked' | 'all-marked'
        | 'sort-opened' | 'sort-reversed' | 'columns-opened' | 'widened' | 'scrolled-left' | 'scrolled-right' | 'paused' | 'refreshed' | 'followed'
        | 'copied' | 'link-copied' | 'exported' | 'actions-opened' | 'undone' | 'helped' | 'toured' | 'confirmed' | 'saved-opened' | 'detail-opened';
    }
  | { readonly name: 'pane-chosen'; readonly index: number }
  | { readonly name: 'jumped'; readonly key: 'u' | 'a' | 't' | 'l' }
  | { readonly name: 'action-chosen'; readonly key: string }
  | { readonly name: 'typed'; readonly key: string };

/** What the one impure file is asked to do. In the imperative. */
export type Effect =
  | { readonly kind: 'read-page'; readonly asked: number; readonly view: View; readonly place: 'first' | 'before' | 'after'; readonly limit: number }
  | { readonly kind: 'refresh'; readonly asked: number; readonly view: View; readonly visible: number }
  | { readonly kind: 'count'; readonly asked: number; readonly view: View }
  | { readonly kind: 'read-detail'; readonly asked: number; readonly resource: string; readonly row: Keyed }
  | { readonly kind: 'preview'; readonly asked: number; readonly form: FormState }
  | { readonly kind: 'run'; readonly confirm: ConfirmState }
  | { readonly kind: 'run-bulk'; readonly confirm: ConfirmState }
  | { readonly kind: 'proceed'; readonly yes: boolean }
  | { readonly kind: 'abort-bulk' }
  | { readonly kind: 'undo'; readonly wayBack: WayBack }
  | { readonly kind: 'freeze-ids'; readonly view: View }
  | { readonly kind: 'export'; readonly view: View; readonly format: 'csv' | 'json' }
  | { readonly kind: 'copy'; readonly text: string; readonly what: string }
  | { readonly kind: 'save-view'; readonly resource: string; readonly name: string; readonly filter: string }
  | { readonly kind: 'cancel-reads' }
  | { readonly kind: 'repaint' }
  | { readonly kind: 'dump' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export type Step = { readonly state: State; readonly effects: readonly Effect[] };
