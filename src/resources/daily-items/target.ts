import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { decisionWords } from '../../domain/daily-decision.ts';
import { conflict, done, forbidden, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findDailyItem, type DailyItemRow } from './queries.ts';

export const ItemId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Item' });

export const nameOfItem = ({ category, label }: Pick<DailyItemRow, 'category' | 'label'>): string => `${category} ${label}`;

/** How audit and confirmation name an item. */
export const itemTarget = (item: DailyItemRow): Target => ({ id: String(item.id), label: nameOfItem(item), version: item.version });

/** Why nothing can be decided about it, or undefined. */
export const whyNotDecide = (item: DailyItemRow): string | undefined => {
  if (item.reviewClosed) return `the review of ${item.day} is closed`;
  return item.decision === null ? undefined : `${item.decidedBy} ${decisionWords[item.decision]} it already`;
};

export const whyNotUndo = (item: DailyItemRow): string | undefined => {
  if (item.reviewClosed) return `the review of ${item.day} is closed`;
  return item.decision === null ? 'nobody has decided it' : undefined;
};

/** The item if it exists and nothing speaks against it. */
export const itemFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (item: DailyItemRow) => string | undefined,
): Promise<Outcome<DailyItemRow>> => {
  const item = await findDailyItem(db, id);
  if (!item) return notFound(`there is no item ${id} in a daily review`);
  const objection = whyNot(item);
  return objection === undefined ? done(item) : conflict(objection);
};

/** The same, and it is not the act of whoever decides. */
export const strangersItem = async (id: bigint, context: Context): Promise<Outcome<DailyItemRow>> => {
  const item = await itemFor(id, context, whyNotDecide);
  return item.ok && item.value.actorId === context.operator.id
    ? forbidden('nobody reviews what they did themselves', 'somebody else decides it, or you escalate it')
    : item;
};

/** What it is about, above what is decided. */
export const seenLines = (item: DailyItemRow): readonly string[] => [
  `${item.category}: ${item.label}, since ${formatInstant(item.at)}`,
  item.words,
  ...(item.done === null ? [] : [`since it was gathered ${item.doneBy ?? 'nobody'} did ${item.done}`]),
];
