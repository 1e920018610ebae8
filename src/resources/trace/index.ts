import { formatInstant, formatSecond, isoInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { defineResource, type Jump, type Tone } from '../../kit/define-resource.ts';
import { needs, tracePage, type TraceKind, type TraceRow } from './queries.ts';

const tones: Readonly<Record<string, Tone>> = {
  debug: 'dim', warning: 'warn', error: 'bad', critical: 'bad', success: 'good', failure: 'bad', partial: 'warn', refused: 'warn', posted: 'good', executed: 'good',
  rejected: 'warn', failed: 'bad', dead: 'bad', sent: 'good',
}; // prettier-ignore

const whatOf = ({ what, amount, currency }: TraceRow): string =>
  amount === null || currency === null ? what : `${what}, ${formatMoney(amount, currency)}`;

/** Its own pane, and the field that finds it there. A refusal has none. */
const places: Readonly<Partial<Record<TraceKind, readonly [resource: string, field: string]>>> = {
  event: ['events', 'id'],
  act: ['audit', 'seq'],
  request: ['inbox', 'number'],
  security: ['security', 'id'],
  notice: ['notices', 'number'],
  posting: ['transactions', 'id'],
};

const toRecord = ({ kind, record }: TraceRow): Jump | undefined => {
  const place = places[kind];
  return place && record !== '' ? { resource: place[0], filter: `${place[1]}=${record}` } : undefined;
};

export const trace = defineResource<TraceRow, undefined>({
  id: 'trace',
  title: 'Trace',
  entity: 'trace',
  aliases: ['correlation'],
  nested: true,
  permission: 'event.read',
  page: tracePage,
  since: 'at',
  nameOf: step => `${step.kind} ${step.record}`.trim(),
  empty: ['Which correlation id?', 'Write :trace and the id, or press T on an event, a row of the audit log, a notice or a request.'],

  columns: [
    { title: 'At', width: 11, sort: 'at', cell: step => formatSecond(step.at), value: step => isoInstant(step.at) },
    { title: 'What', width: 8, cell: step => step.kind },
    { title: 'State', width: 9, cell: step => step.state, tone: step => tones[step.state] ?? 'plain' },
    { title: 'Who', width: 10, cell: step => step.who },
    { title: 'Says', width: 'fill', cell: whatOf },
    { title: 'Correlation', width: 36, priority: 3, cell: step => step.correlation },
  ],

  relate: async () => undefined,
  detail: step => [
    {
      title: 'Step',
      lines: [
        ['At', formatInstant(step.at)],
        ['What', `${step.kind} ${step.record}`],
        ['State', step.state, tones[step.state] ?? 'plain'],
        ['Who', step.who],
        ['Says', whatOf(step)],
        ['Correlation', step.correlation],
      ],
    },
  ],

  veil: (step, may) =>
    may(needs[step.kind])
      ? step
      : {
          ...step,
          state: '-',
          who: '-',
          what: `not shown: it takes the permission ${needs[step.kind]}`,
          amount: null,
          currency: null,
          record: '',
        },

  actions: {},
  jumps: {},
  open: toRecord,
});
