import { randomUUID } from 'node:crypto';
import { describeRefusal } from '../cli/answer.ts';
import { permit } from '../cli/permit.ts';
import type { Streams } from '../cli/streams.ts';
import { formatShortInstant } from '../domain/day.ts';
import { failed, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { Receipt, Typed } from '../kit/request.ts';
import type { Session } from '../kit/session.ts';
import { dailyItems } from '../resources/daily-items/index.ts';
import type { DailyItemRow } from '../resources/daily-items/queries.ts';
import { termsOf } from '../cli/list-request.ts';

export type Walk = { readonly session: Session; readonly streams: Streams; readonly flags: Readonly<Record<string, string>> };

const decisions = { k: 'daily-items.keep', a: 'daily-items.act', e: 'daily-items.escalate' } as const;
const keys = 'k keep, a acted, e escalate, s skip, q leave; a note behind the letter: ';

type Answer = { readonly key: string; readonly note: string };

const answerOf = (typed: string): Answer => {
  const [, key = '', note = ''] = /^\s*(\S?)\s*(.*)$/s.exec(typed) ?? [];
  return { key: key.toLowerCase(), note: note.trim() };
};

/** Carries one of the review's actions out; what it lacks (a reason, a window) is asked for. */
export const actInReview = async ({ session, streams, flags }: Walk, id: string, typed: Typed): Promise<Outcome<Receipt>> => {
  const action = session.registry.actions.find(each => each.id === id);
  if (!action) return failed(`${id} is not in this console`);
  const permitted = await permit(action, undefined, session, flags, streams);
  return permitted.ok ? session.run(action, typed, { request: randomUUID() }) : permitted;
};

/** The first undecided item of the open review behind a place. */
const nextItem = async (session: Session, after: DailyItemRow | undefined): Promise<DailyItemRow | undefined> => {
  const terms = termsOf(session, dailyItems, { words: [], flags: { filter: dailyItems.start ?? '' } });
  if (!terms.ok) throw new Error(terms.refusal.message);
  const at = after && { direction: 'after' as const, place: after };
  const { rows } = await session.list(dailyItems, {
    terms: terms.value,
    sort: dailyItems.page.defaultSort,
    limit: 1,
    ...(at ? { at } : {}),
  });
  return rows[0] as DailyItemRow | undefined;
};

const told = ({ id, category, label, at, level, words, done, doneBy }: DailyItemRow): readonly string[] => [
  '',
  `#${id} ${category} ${safe(label)}, since ${formatShortInstant(at)}${level === 'info' ? '' : `, ${level}`}`,
  `  ${safe(words, { max: 400 })}`,
  ...(done === null ? [] : [`  since it was gathered ${safe(doneBy ?? 'nobody')} did ${safe(done)}`]),
];

/** The reason was given once: as long as the window is open nobody is asked again. */
const onceWindowed = ({ session, streams }: Walk): Walk => {
  const { BURSAR_REASON: _given, ...environment } = streams.environment;
  return { session, streams: { ...streams, environment }, flags: {} };
};

/** Goes through what is undecided, item by item, until nothing is left or somebody leaves. What was decided is kept at once. */
export const walkReview = async (given: Walk): Promise<void> => {
  const { session, streams } = given;
  let walk = given;
  let item = await nextItem(session, undefined);
  while (item) {
    for (const line of told(item)) streams.say(line);
    const { key, note } = answerOf((await streams.ask?.(keys)) ?? 'q');
    if (key === 'q') return;
    if (key === 's') {
      item = await nextItem(session, item);
      continue;
    }
    const action = decisions[key as keyof typeof decisions];
    if (action === undefined) {
      streams.say('write one of the letters k, a, e, s, q');
      continue;
    }
    const outcome = await actInReview(walk, action, { id: String(item.id), ...(note === '' ? {} : { note }) });
    if (outcome.ok) walk = onceWindowed(given);
    streams.say(outcome.ok ? safe(outcome.value.summary, { max: 300 }) : `bursar: ${describeRefusal(outcome.refusal)}`);
    // Decided by somebody else meanwhile, or not this person's to decide: the next one
    if (outcome.ok || outcome.refusal.kind !== 'invalid') item = await nextItem(session, item);
  }
};
