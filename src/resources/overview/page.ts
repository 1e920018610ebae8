import type { Db } from '../../database/client.ts';
import { meaning, number, text } from '../../database/field.ts';
import type { PageQuery } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { PageRequest } from '../../domain/page.ts';
import { moneyPulses } from './money-pulses.ts';
import { topics, type Pulse } from './pulse.ts';
import { readFacts } from './queries.ts';
import { accountPulses, consolePulses, userPulses } from './state-pulses.ts';
import { workPulses } from './work-pulses.ts';

/** The lines of the overview, in their order; each keeps its number. */
const readPulses = async (db: Db): Promise<readonly Pulse[]> => {
  const [facts, work] = await Promise.all([readFacts(db), workPulses(db)]);
  return [...moneyPulses(facts), ...accountPulses(facts), ...userPulses(facts), ...work, ...consolePulses(facts)].map((draft, index) => ({
    tone: 'plain',
    leadsTo: undefined,
    ...draft,
    id: BigInt(index + 1),
    sortKey: String(index + 1),
  }));
};

const fits = (pulse: Pulse, { field, not, value }: Term): boolean => {
  const name = pulse.name.toLowerCase();
  switch (value.kind) {
    case 'text': {
      const asked = value.text.toLowerCase();
      return (value.exact && field === 'name' ? name === asked : name.includes(asked)) !== not;
    }
    case 'choices':
      return value.choices.includes(pulse.topic) !== not;
    case 'amount':
      return (pulse.id >= (value.from ?? 0n) && (value.to === undefined || pulse.id <= value.to)) !== not;
    default:
      return true;
  }
};

const select = (pulses: readonly Pulse[], { terms, sort, limit, at }: PageRequest) => {
  const fitting = pulses.filter(pulse => terms.every(term => fits(pulse, term)));
  const ordered = sort.descending ? fitting.toReversed() : fitting;
  const place = at ? ordered.findIndex(pulse => pulse.id === at.place.id) : 0;
  const from = at?.direction === 'after' ? place + 1 : at?.direction === 'before' ? Math.max(0, place - limit) : Math.max(0, place);
  const until = at?.direction === 'before' ? Math.max(0, place) : from + limit;
  return { rows: ordered.slice(from, until), more: at?.direction === 'before' ? from > 0 : until < ordered.length };
};

/** A page of pulses: they are few and computed, so filter and order are applied here. */
export const pulsePage: PageQuery<Pulse> = {
  fields: {
    text: text('name'),
    name: text('name'),
    topic: meaning(Object.fromEntries(topics.map(topic => [topic, 'true']))),
    line: number('line', { sortable: true }),
  },
  defaultSort: { field: 'line', descending: false },
  page: async (db, request) => select(await readPulses(db), request),
  newer: async () => 0,
  count: async (db, terms) => ({
    value: (await readPulses(db)).filter(pulse => terms.every(term => fits(pulse, term))).length,
    exact: true,
  }),
  find: async (db, id) => (await readPulses(db)).find(pulse => pulse.id === id),
};
