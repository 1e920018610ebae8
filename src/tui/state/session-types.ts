import type { Refusal } from '../../domain/outcome.ts';
import type { FieldErrors, FormField } from '../../kit/form-fields.ts';
import type { RunSeen } from '../../domain/run-progress.ts';
import type { Pulse } from '../../kit/presence.ts';
import type { Typed } from '../../kit/request.ts';

/** Fields that are filled in, whatever for. */
export type Sheet = {
  readonly title: string;
  /** What it is for: a record's name, "40 records", or nothing. */
  readonly label: string;
  /** What has to be known to fill it in. */
  readonly says?: readonly string[];
  /** Its button, what is said beside it, and while its answer is awaited; without them those of an action's preview. */
  readonly words?: { readonly button: string; readonly calm: string; readonly busy: string };
  /** Those that are shown; hidden ones are filled from the record. */
  readonly fields: readonly FormField[];
  readonly typed: Typed;
  /** Index of the field with the focus; fields.length is the buttons. */
  readonly focus: number;
  readonly errors: FieldErrors;
  /** A value was changed from outside its field; the field starts anew with the cursor at the end. */
  readonly edition: number;
  readonly waiting: boolean;
};

/** What is done with the draft under a dialog once that was answered: confirmed things are carried out, others are gone on with. */
export type After = 'carry-out' | 'go-on';

export type LockState = {
  readonly why: string;
  /** Milliseconds of the epoch. */
  readonly since: number;
  readonly sheet: Sheet;
  readonly refusal: Refusal | undefined;
  /** The runs that are under way, as the last pulse told of them. */
  readonly runs: readonly RunSeen[];
  /** The database has locked the session as well; while it has not, it is asked again. */
  readonly isKept: boolean;
};

/** What is known of the session by its last pulse. Times are by our own clock, in milliseconds of the epoch. */
export type PulseState = {
  readonly last: Pulse | undefined;
  /** The migrations that the database lacks; 0 is as it should be. */
  readonly lacks: number;
  /** One is under way; the next waits for it. */
  readonly beating: boolean;
  /** Until when this session may write; undefined while it is read-only. */
  readonly writesUntil: number | undefined;
  /** It had a write window, which an incident lets renew. */
  readonly wroteBefore: boolean;
  /** Until when no code is asked for again. */
  readonly codeUntil: number;
  /** How much the clock of the database is ahead of ours, in milliseconds. */
  readonly ahead: number;
  /** Another operator of a demo takes over: the session of before may end meanwhile, and nobody minds. */
  readonly handedOver: boolean;
  /** When a key was pressed last, and whether one was since the last pulse. */
  readonly keyAt: number;
  readonly active: boolean;
};
