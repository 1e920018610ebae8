import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, forbidden, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findItem, type ItemRow, type ReviewedMachine } from './queries.ts';

/** Both decisions take the same: which item, and why. */
export const ItemInput = z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Item' }), note: Note });

/** How audit and confirmation name an item. */
export const itemTarget = (item: ItemRow): Target => ({ id: String(item.id), label: `${item.role} of ${item.who}`, version: item.version });

const whyNotDecide = (item: ItemRow): string | undefined => {
  if (item.reviewClosed) return `review ${item.reviewId} is closed`;
  return item.decision === 'revoke' ? `${item.role} of ${item.who} was revoked already` : undefined;
};

export const whyNotKeep = (item: ItemRow): string | undefined =>
  whyNotDecide(item) ?? (item.decision === 'keep' ? `${item.role} of ${item.who} was kept already` : undefined);
export const whyNotRevoke = whyNotDecide;

/** The item if it exists, the rule has nothing against it, and it is not the reviewer's own. */
export const itemFor = async (
  id: bigint,
  { db, operator }: Context,
  whyNot: (item: ItemRow) => string | undefined,
): Promise<Outcome<ItemRow>> => {
  const item = await findItem(db, id);
  if (!item) return notFound(`there is no item ${id} in a review`);
  if (item.kind === 'operator' && item.subjectId === operator.id) {
    return forbidden('nobody reviews their own access', 'somebody else with the permission review.decide decides it');
  }
  const objection = whyNot(item);
  return objection === undefined ? done(item) : conflict(objection);
};

/** What a machine is, for whoever decides about it. */
export const machineLines = (machine: ReviewedMachine): readonly (readonly [string, string])[] => [
  ['Where', machine.place],
  ['Only from', machine.from.length === 0 ? 'anywhere' : machine.from.join(', ')],
  ['Used from', machine['used from'] ?? '-'],
  ['Key', `${machine.fingerprint}, ${machine['days left']} days left, approved by ${machine['approved by'] ?? 'nobody who is on record'}`],
  ['May', machine.permissions.join(', ')],
  ['Worked on', machine.hosts.length === 0 ? 'no host in the last quarter; it may on any' : `${machine.hosts.join(', ')}; it may on any`],
];

/** Where it is held from, and when it was used. */
export const factLines = (item: ItemRow): readonly string[] => [
  `granted ${formatInstant(item.grantedAt)} by ${item.grantedBy ?? 'the setup'}, ${item.expiresAt ? `until ${formatInstant(item.expiresAt)}` : 'without end'}`,
  `last used ${formatInstant(item.lastUsedAt)}, last login ${formatInstant(item.lastLoginAt)}: ${item.inactiveDays} days ago when the review was opened`,
  ...(item.change === null ? [] : [item.change]),
  ...(item.machine === null ? [] : machineLines(item.machine).map(([title, words]) => `${title.toLowerCase()}: ${words}`)),
];
