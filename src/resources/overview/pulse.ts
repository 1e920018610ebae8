import type { Keyed } from '../../domain/page.ts';
import type { TransactionType } from '../../domain/transaction.ts';
import type { Jump, Tone } from '../../kit/define-resource.ts';

export const topics = ['money', 'accounts', 'users', 'console'] as const;
type Topic = (typeof topics)[number];

/** What a pulse is about, beyond its name: what its detail reads. */
type PulseKind =
  | 'volume'
  | 'value'
  | TransactionType
  | 'largest'
  | 'refused'
  | 'pending'
  | 'alerts'
  | 'frozen'
  | 'due'
  | 'flagged'
  | 'failures'
  | 'locked'
  | 'roles'
  | 'audit'
  | 'acts'
  | 'incident'
  | 'health'
  | 'waiting'
  | 'review'
  | 'handover'
  | 'size';

/** One line of the overview: a figure, how it went, against what, and where it leads. */
export type Pulse = Keyed & {
  readonly kind: PulseKind;
  readonly topic: Topic;
  readonly name: string;
  readonly value: string;
  readonly trend: string;
  readonly versus: string;
  readonly tone: Tone;
  readonly leadsTo: Jump | undefined;
};

/** A pulse before it has its place. */
export type Draft = Omit<Pulse, 'id' | 'sortKey' | 'tone' | 'leadsTo'> & { readonly tone?: Tone; readonly leadsTo?: Jump };

/** Where a pulse leads. */
export const to = (resource: string, filter: string): { readonly leadsTo: Jump } => ({ leadsTo: { resource, filter } });
