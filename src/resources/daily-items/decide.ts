import { z } from 'zod';
import { decisionWords, type DailyDecision } from '../../domain/daily-decision.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { Verb } from '../../domain/audit.ts';
import { defineAction, type Context } from '../../kit/define-action.ts';
import { dailyProgress, decideDailyItem, progressWords, type DailyItemRow } from './queries.ts';
import { ItemId, itemTarget, nameOfItem, seenLines } from './target.ts';

type Choice = {
  readonly decision: DailyDecision;
  readonly title: string;
  readonly verb: Verb;
  readonly note: z.ZodType<string>;
  readonly means: string;
  readonly gather: (id: bigint, context: Context) => Promise<Outcome<DailyItemRow>>;
  /** What else comes of it. */
  readonly also?: (item: DailyItemRow, note: string, context: Context) => Promise<void>;
};

/** One of the three decisions about an item. */
export const decision = ({ decision: decided, title, verb, note: Words, means, gather, also }: Choice) =>
  defineAction({
    id: `daily-items.${decided}`,
    title,
    past: decisionWords[decided],
    permission: 'daily.review',
    eyes: 1,
    danger: 'plain',
    verb,
    entity: 'daily-item',
    input: z.object({ id: ItemId, note: Words }),

    gather: ({ id }, context) => gather(id, context),
    target: itemTarget,
    preview: item => [means, ...seenLines(item)],

    execute: async (item, { note }, context) => {
      await decideDailyItem(context.db, item, decided, note);
      await also?.(item, note, context);
      return {
        summary: `${decisionWords[decided]} ${nameOfItem(item)}: ${progressWords(await dailyProgress(context.db))}`,
        old: { decision: null },
        new: { decision: decided, note, review: String(item.reviewId), entity: item.entity, record: item.entityId },
      };
    },

    waysBack: item => [{ action: 'daily-items.undo', input: { id: String(item.id) } }],
  });
