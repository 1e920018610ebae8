import type { Database } from '../database/client.ts';
import type { Operator } from '../domain/permission.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import type { Danger, SealSecret, Target, WayBack } from './define-action.ts';
import type { SmallTable } from './define-resource.ts';

/** Who acts and through what; never a global. */
export type Acting = {
  readonly database: Database;
  readonly operator: Operator;
  readonly token: string;
  readonly currency: string;
  readonly environment: string;
  /** Undefined: nothing is known of it. */
  readonly platform?: PlatformProfile | undefined;
  readonly sealSecret: SealSecret;
};

export type Typed = Readonly<Record<string, string>>;

/** What a person is shown before anything happens. Its hash and the target's version travel with the request. */
export type Preview = {
  readonly action: string;
  readonly title: string;
  readonly danger: Danger;
  readonly eyes: 1 | 2;
  /** Whether a fresh one-time code is asked for. */
  readonly code: boolean;
  readonly target: Target;
  readonly lines: readonly string[];
  readonly evidence: readonly { readonly title: string; readonly table: SmallTable }[];
  readonly doubts: readonly string[];
  readonly irreversible?: string;
  readonly hash: string;
};

/** What was done. Kept under the request's id, so that a repeat is answered with it. */
export type Receipt = {
  readonly request: string;
  readonly summary: string;
  readonly target: Target;
  /** Row of the audit log. */
  readonly audit: number;
  readonly waysBack: readonly WayBack[];
  readonly replayed: boolean;
};

export type RunOptions = {
  /** The idempotency key, a UUID fixed when the form opened. */
  readonly request: string;
  readonly expected?: { readonly version: number; readonly hash: string };
  readonly correlation?: string;
  /** The bulk it is a part of, which goes on though the window lapses or the screen locks. */
  readonly bulk?: string;
};
