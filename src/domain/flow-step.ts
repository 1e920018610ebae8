/** Where to look: a pane and a filter. */
export type Look = { readonly resource: string; readonly filter: string };

/** Whom, or what, a walkthrough is about. */
export type FlowSubject = 'user' | 'operator' | 'host';

/** Whom a walkthrough is about, and how things stand with them now. */
export type Standing = {
  readonly id: bigint;
  readonly name: string;
  /** Of a user: active, locked …; of a host: up, unreachable … */
  readonly status: string;
  readonly sessions: number;
  /** Of a user: the address that failed most of late, and whether it is blocked now. */
  readonly address: string | null;
  readonly blocked: boolean;
  /** Of an operator: the newest grant of the developer role, and whether it still stands. */
  readonly grant: bigint | null;
  readonly developer: boolean;
};

/** Something that was done or looked at since the walkthrough began. */
export type Trace = {
  readonly at: Date;
  readonly by: string;
  readonly action: string;
  readonly verb: string;
  readonly entity: string;
  readonly entityId: string;
  readonly label: string | null;
};

/** What a step asks for: an action behind a key after `x`, and its command. */
type Act = { readonly key: string; readonly action: string; readonly verb: string };

export type FlowStep = {
  readonly id: string;
  readonly title: string;
  readonly words: string;
  readonly look?: (about: Standing) => Look;
  /** Any of them does it. */
  readonly acts?: readonly Act[];
  /** What in the audit log shows that somebody looked. */
  readonly seen?: (trace: Trace, about: Standing) => boolean;
  /** Why nothing is left to do, whoever did it and when. */
  readonly already?: (about: Standing) => string | undefined;
};

/** A walkthrough: its steps in their order. */
export type Flow = {
  readonly id: string;
  /** How the guides call it. */
  readonly title: string;
  readonly about: FlowSubject;
  readonly steps: readonly FlowStep[];
};
