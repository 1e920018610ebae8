import type { z } from 'zod';
import type { Db } from '../database/client.ts';
import type { Verb } from '../domain/audit.ts';
import type { Day } from '../domain/day.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Operator, Permission } from '../domain/permission.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import type { SmallTable } from './define-resource.ts';
import type { Offers } from './offers.ts';

/** What a person types to confirm: nothing more, the record's name, or two things about it. */
export type Danger = 'plain' | 'typed' | 'typed-twice';

export type Context = {
  readonly db: Db;
  readonly operator: Operator;
  readonly today: Day;
  readonly currency: string;
  /** What the administered platform is called, as the banner shows it. */
  readonly environment: string;
  /** What the configuration of this console says of that platform. */
  readonly platform: PlatformProfile;
  /** Seals a link or a code for a notice, with the key outside the database. */
  readonly sealSecret: SealSecret;
};

export type SealSecret = (text: string) => Promise<string>;

/** What an action changes: named by id, known by label, and the version that was looked at. */
export type Target = { readonly id: string; readonly label: string; readonly version: number };

/** What was done, for the audit row; values are what JSON can hold. */
type Effect = {
  readonly summary: string;
  readonly old?: Readonly<Record<string, unknown>>;
  readonly new?: Readonly<Record<string, unknown>>;
  /** The target, where it did not exist before. */
  readonly target?: Target;
};

/** A way back; `seconds` is how long it is open. Inputs are as a person would give them. */
export type WayBack = { readonly action: string; readonly input: Readonly<Record<string, string>>; readonly seconds?: number };

/** One thing an operator can do: declared once, served to screen, command, inbox and tests. */
export type Action<Input extends z.ZodObject, Facts> = {
  readonly id: string;
  readonly title: string;
  /** How its doing is told afterwards: "froze", "approved". */
  readonly past: string;
  readonly permission: Permission;
  /** Changed when its input or its meaning changes: what waits in the inbox under another one is stale. */
  readonly version?: string;
  /** How many people it takes: for two, one asks and another decides. */
  readonly eyes: 1 | 2;
  /** The same, where it depends on what is changed. */
  eyesFor?(facts: Facts, input: z.output<Input>): 1 | 2;
  /** Who decides a request for it, where that is not whoever may ask. */
  readonly checker?: Permission;
  readonly danger: Danger;
  /** Whether it asks whoever's key executes it for a fresh one-time code. */
  readonly code?: true;
  readonly verb: Verb;
  readonly entity: string;
  readonly input: Input;
  /** Its record is a request, and doing it is doing what the request asks for: as its checker, or alone in an incident. */
  readonly carriesOut?: 'as-checker' | 'breaking-glass';
  /** Said beforehand where nothing takes it back. */
  readonly irreversible?: string;
  /** How many records one bulk may hold, and why no more. */
  readonly bulk?: { readonly most: number; readonly why: string; readonly unlessIncident?: true };
  /** Reads what is needed to decide, and refuses early. Never writes. */
  gather(input: z.output<Input>, context: Context): Promise<Outcome<Facts>>;
  target(facts: Facts, input: z.output<Input>): Target;
  /** What its empty fields may be filled in with. Reads only. */
  offers?(db: Db): Promise<Offers>;
  /** What will change and what stays, in the operator's words. Pure. */
  preview(facts: Facts, input: z.output<Input>): readonly string[];
  /** The evidence beside the preview. */
  evidence?(facts: Facts): readonly { readonly title: string; readonly table: SmallTable }[];
  /** What speaks against it though it is allowed; an empty list makes it fit for a batch with one note. */
  doubts?(facts: Facts): readonly string[];
  /** Runs inside one transaction, before its audit row. The database's refusals pass through as errors. */
  execute(facts: Facts, input: z.output<Input>, context: Context): Promise<Effect>;
  /** Ways back, the nearest first. */
  waysBack?(facts: Facts, input: z.output<Input>, effect: Effect): readonly WayBack[];
};

/** An action whose input and facts its caller need not know. */
export type AnyAction = Action<z.ZodObject, unknown>;

export const defineAction = <Input extends z.ZodObject, Facts>(action: Action<Input, Facts>): Action<Input, Facts> => action;
