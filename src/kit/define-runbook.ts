import type { z } from 'zod';
import type { Db } from '../database/client.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Permission } from '../domain/permission.ts';
import type { Context, Danger } from './define-action.ts';
import type { Offers } from './offers.ts';

/** One command on one host. It is written down word for word when the run is asked for. */
export type RunStep = {
  readonly title: string;
  /** A host of the inventory, by its name. */
  readonly host: string;
  /** The program and its arguments; never a secret, and nothing that a shell would read. */
  readonly words: readonly [program: string, ...rest: string[]];
  readonly timeoutSeconds: number;
  /** The first host of several: what comes after waits until this one has succeeded and a pause has passed. */
  readonly pauseAfter?: true;
};

/** Maintenance as data: what is asked for, on which hosts, in which steps. The kit makes an action of it, and a run of its steps. */
export type Runbook<Input extends z.ZodObject, Facts> = {
  /** `restart-service`: its action is `runbooks.restart-service`. */
  readonly id: string;
  readonly title: string;
  readonly past: string;
  /** Changed with its steps: what waits in the inbox under another one is stale. */
  readonly version: string;
  readonly permission: Permission;
  readonly danger: Danger;
  readonly eyes: 1 | 2;
  /** The same, where it depends on its hosts; the database asks for it too (ops.guard_production). */
  eyesFor?(facts: Facts, input: z.output<Input>): 1 | 2;
  readonly checker?: Permission;
  readonly code?: true;
  /** Whether it changes anything on its hosts: of those with one target one runs at a time. */
  readonly dangerous: boolean;
  readonly input: Input;
  /** What its fields may be filled in with beside hosts. */
  offers?(db: Db): Promise<Offers>;
  /** What aborting it leaves behind, in words; said before it is asked for. */
  readonly whenAborted: string;
  gather(input: z.output<Input>, context: Context): Promise<Outcome<Facts>>;
  /** What is worked on: runs with the same target exclude one another. */
  target(facts: Facts, input: z.output<Input>): string;
  /** The same as a person knows it and types it; as `target` says unless said here. */
  label?(facts: Facts, input: z.output<Input>): string;
  preview(facts: Facts, input: z.output<Input>): readonly string[];
  steps(facts: Facts, input: z.output<Input>): readonly RunStep[];
};

/** A runbook whose input and facts its caller need not know. */
export type AnyRunbook = Runbook<z.ZodObject, unknown>;

export const defineRunbook = <Input extends z.ZodObject, Facts>(runbook: Runbook<Input, Facts>): Runbook<Input, Facts> => runbook;
