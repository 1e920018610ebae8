import { conflict, done, type Outcome } from '../domain/outcome.ts';
import type { Preview, Typed } from '../kit/request.ts';
import { largestBulk, type RecordResult } from '../kit/run-bulk.ts';
import type { Session } from '../kit/session.ts';
import type { Call } from './call.ts';
import { findRecord } from './find-record.ts';
import { termsOf } from './list-request.ts';
import { pagesOf } from './pages.ts';

/** The records of a bulk: id → what people call it, in the order they were named or found. */
export type Names = ReadonlyMap<string, string>;

const named = async ({ resource, typed }: Call, session: Session): Promise<Outcome<Names>> => {
  const names = new Map<string, string>();
  for (const word of typed.words) {
    const found = await findRecord(session, resource, word);
    if (!found.ok) return found;
    names.set(String(found.value.id), resource.nameOf(found.value));
  }
  return done(names);
};

/** Freezes what the filter finds now; one more than a bulk may hold is enough to be refused. */
const filtered = async ({ resource, typed }: Call, session: Session, signal: AbortSignal): Promise<Outcome<Names>> => {
  const terms = termsOf(session, resource, typed);
  if (!terms.ok) return terms;
  const names = new Map<string, string>();
  const asked = { terms: terms.value, sort: resource.page.defaultSort, limit: largestBulk + 1, after: undefined };
  for await (const { rows } of pagesOf(session, resource, asked, signal))
    for (const row of rows) names.set(String(row.id), resource.nameOf(row));
  return names.size === 0 ? conflict('the filter finds no record', 'nothing was done') : done(names);
};

/** The records that a command names, or that its filter finds. */
export const subjectsOf = (call: Call, session: Session, signal: AbortSignal): Promise<Outcome<Names>> =>
  call.typed.words.length > 0 ? named(call, session) : filtered(call, session, signal);

/** What was seen beforehand: who can have it, who cannot, and who needs a decision of their own. */
export type Looked = {
  readonly previews: readonly Preview[];
  readonly refused: readonly RecordResult[];
  readonly doubtful: readonly RecordResult[];
};

const doubtsOf = ({ target, doubts }: Preview): readonly RecordResult[] =>
  doubts.length === 0 ? [] : [{ id: target.id, outcome: conflict(`not clear: ${doubts.join('; ')}`, 'decide this one by itself') }];

/** Looks at the records before anything is done. */
export const lookAt = async (
  { action }: Call,
  ids: readonly string[],
  typed: Typed,
  session: Session,
  signal: AbortSignal,
): Promise<Outcome<Looked>> => {
  const previews: Preview[] = [];
  const refused: RecordResult[] = [];
  for (let rest = ids; rest.length > 0;) {
    signal.throwIfAborted();
    const looked = await session.previewBulk(action, rest, typed);
    if (!looked.ok) return looked;
    previews.push(...looked.value.previews);
    refused.push(...looked.value.refused.map(({ id, message }) => ({ id, outcome: conflict(message) })));
    // What speaks against a record must be known of each; everything else is checked again when its turn comes
    rest = action.doubts && looked.value.unseen > 0 ? rest.slice(-looked.value.unseen) : [];
  }
  return done({ previews, refused, doubtful: previews.flatMap(doubtsOf) });
};
