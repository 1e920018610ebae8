import type { Keyed, Page } from '../../domain/page.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import { explainError } from '../../kit/explain.ts';
import type { Session } from '../../kit/session.ts';
import type { Effect } from '../state/effects.ts';
import type { Happening, Read } from '../state/events.ts';
import type { View } from '../state/types.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;
export type ReadEffect = Of<'read-page' | 'refresh' | 'count' | 'read-detail' | 'freeze-ids' | 'match-marks'>;

/** Ids read at once when all are marked, and how many a person may mark. */
const idsAtOnce = 1_000;
const mostMarks = 10_000;

const readPage = async (session: Session, resource: AnyResource, { view, place, limit }: Of<'read-page'>): Promise<Page<Keyed>> => {
  const { terms, sort, window } = view;
  if (place === 'last') {
    const page = await session.list(resource, { terms, sort: { ...sort, descending: !sort.descending }, limit });
    return { ...page, rows: page.rows.toReversed() };
  }
  const edge = place === 'after' ? window.rows.at(-1) : place === 'before' ? window.rows[0] : undefined;
  const direction = place === 'before' ? ('before' as const) : ('after' as const);
  return session.list(resource, { terms, sort, limit, ...(edge ? { at: { direction, place: edge } } : {}) });
};

/** What somebody watches to its end, and the filter has let go meanwhile. */
const leftBehind = async (session: Session, resource: AnyResource, { cursor, inDetail }: View, page: Page<Keyed>) =>
  resource.watched && inDetail && cursor !== undefined && !page.rows.some(({ id }) => id === cursor)
    ? session.find(resource, cursor)
    : undefined;

const refresh = async (session: Session, resource: AnyResource, { asked, view, visible }: Of<'refresh'>): Promise<Happening> => {
  const { terms, sort, window, top, first } = view;
  const from = window.rows[top];
  const newer = first ? session.newer(resource, { terms, sort, limit: 1, at: { direction: 'before', place: first } }) : 0;
  const page = session.list(resource, {
    terms,
    sort,
    limit: visible,
    ...(from ? { at: { direction: 'from' as const, place: from } } : {}),
  });
  const [rows, count] = await Promise.all([page, newer]);
  return { kind: 'page-refreshed', asked, from: from?.id, page: rows, newer: count, left: await leftBehind(session, resource, view, rows) };
};

/** The ids of all that match now, page by page. */
const freezeIds = async (
  session: Session,
  resource: AnyResource,
  { asked, view: { terms, sort }, begins }: Of<'freeze-ids'>,
): Promise<Happening> => {
  const ids: string[] = [];
  let page: Page<Keyed> = { rows: [], more: true };
  while (page.more && ids.length < mostMarks) {
    const edge: Keyed | undefined = page.rows.at(-1);
    page = await session.list(resource, {
      terms,
      sort,
      limit: idsAtOnce,
      ...(edge ? { at: { direction: 'after' as const, place: edge } } : {}),
    });
    ids.push(...page.rows.map(row => String(row.id)));
  }
  return { kind: 'ids-frozen', asked, ids, more: page.more, ...(begins === undefined ? {} : { begins }) };
};

const perform = async (effect: ReadEffect, session: Session, resource: AnyResource): Promise<Happening> => {
  const { asked } = effect;
  switch (effect.kind) {
    case 'read-page':
      return { kind: 'page-read', asked, place: effect.place, page: await readPage(session, resource, effect) };
    case 'refresh':
      return refresh(session, resource, effect);
    case 'count':
      return { kind: 'rows-counted', asked, count: await session.count(resource, effect.view.terms) };
    case 'read-detail':
      return { kind: 'detail-read', asked, id: effect.row.id, sections: await session.detail(resource, effect.row) };
    case 'freeze-ids':
      return freezeIds(session, resource, effect);
    case 'match-marks': {
      const { marks, terms } = effect.view;
      return { kind: 'marks-matched', asked, hidden: marks.size - (await session.matching(resource, terms, [...marks])) };
    }
  }
};

const whatOf: Readonly<Record<ReadEffect['kind'], Read>> = {
  'read-page': 'page',
  refresh: 'refresh',
  count: 'count',
  'read-detail': 'detail',
  'freeze-ids': 'marks',
  'match-marks': 'marks',
};

/** Reads; a failure is an answer too. `tell` hears the whole error. */
export const read = async (
  effect: ReadEffect,
  session: Session,
  resource: AnyResource,
  tell: (error: unknown) => void,
): Promise<Happening> => {
  try {
    return await perform(effect, session, resource);
  } catch (error) {
    tell(error);
    const { message, lost } = explainError(error);
    return { kind: 'read-failed', asked: effect.asked, what: whatOf[effect.kind], message, lost };
  }
};
