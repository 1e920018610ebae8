import { exitCode } from '../cli/exit-code.ts';
import { refuse } from '../cli/answer.ts';
import { mayRead } from '../cli/find-record.ts';
import { list } from '../cli/list.ts';
import { toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import { dailyItems } from '../resources/daily-items/index.ts';
import { daily } from '../resources/daily/index.ts';
import type { DailyRow } from '../resources/daily/queries.ts';
import { progressOf } from '../resources/daily/target.ts';
import { askYes } from './ask.ts';
import type { Command } from './command.ts';
import { actInReview, walkReview, type Walk } from './review-walk.ts';

/** The review that is open, or today's; undefined where neither is there. */
const currentReview = async (session: Session): Promise<DailyRow | undefined> => {
  const { rows } = await session.list(daily, { terms: [], sort: daily.page.defaultSort, limit: 1 });
  const newest = rows[0] as DailyRow | undefined;
  return newest && (newest.closedAt === null || newest.day === session.today()) ? newest : undefined;
};

const isCovered = (review: DailyRow | undefined): boolean => review !== undefined && review.decided === review.items;

const inWords = (review: DailyRow | undefined): string =>
  review
    ? `review of ${review.day}, ${review.closedAt ? 'closed' : 'open'}: ${progressOf(review)}`
    : "today's review is not open yet: bursar daily open";

const asJson = (review: DailyRow | undefined): string =>
  `${toJson(
    {
      ok: isCovered(review),
      review: review
        ? {
            number: review.id,
            day: review.day,
            open: review.closedAt === null,
            items: review.items,
            decided: review.decided,
            undecided: review.items - review.decided,
            escalated: review.escalated,
            sha256: review.result,
          }
        : null,
    },
    2,
  )}\n`;

/** At a terminal: opens the review where there is none, walks it, and offers to close it. */
const atTerminal = async (walk: Walk, found: DailyRow | undefined): Promise<DailyRow | undefined> => {
  const { session, streams } = walk;
  if (!found && (await askYes(streams, "Today's review is not open yet. Open it?", true))) {
    const opened = await actInReview(walk, 'daily.open', {});
    if (!opened.ok) await refuse(streams, false, opened);
  }
  await walkReview(walk);
  const review = await currentReview(session);
  if (!review || review.closedAt || !isCovered(review)) return review;
  const note = (await streams.ask?.('All is decided. A note closes the review, nothing leaves it open: '))?.trim() ?? '';
  if (note === '') return review;
  const closed = await actInReview(walk, 'daily.close', { note });
  if (closed.ok) streams.say(closed.value.summary);
  else await refuse(streams, false, closed);
  return currentReview(session);
};

/** `bursar review`: walks the open items at a terminal, lists them elsewhere. Ends with 0 where all is decided, and 1 where not. */
export const reviewCommand: Command = {
  name: 'review',
  alone: true,
  summary: 'go through the daily review: at a terminal item by item, else as a list; exit 1 while items are undecided',
  flags: [
    { name: 'reason', takes: 'TEXT', help: 'why you write now, asked for otherwise' },
    { name: 'json', help: 'how far the review is, as one JSON document' },
  ],
  run: async ({ flags }, { streams, signal, withSession }) =>
    withSession(async session => {
      const json = flags['json'] === 'yes';
      const may = mayRead(session, dailyItems);
      if (!may.ok) return refuse(streams, json, may);
      let review = await currentReview(session);
      if (json) await streams.write(asJson(review));
      else if (streams.ask) review = await atTerminal({ session, streams, flags }, review);
      else await list(dailyItems, { words: [], flags: { filter: dailyItems.start ?? '', limit: 'all' } }, session, streams, signal);
      streams.say(inWords(review));
      return isCovered(review) ? exitCode.done : exitCode.failed;
    }),
};
