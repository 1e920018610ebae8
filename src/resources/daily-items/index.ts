import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { decisionWords } from '../../domain/daily-decision.ts';
import { defineResource, on, type Binding, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { dailyItemPage, factsOfItem, type DailyItemRow, type ItemFacts } from './queries.ts';
import { nameOfItem, whyNotDecide, whyNotUndo } from './target.ts';

const levels = { info: 'plain', warning: 'warn', critical: 'bad' } as const;
const tones = { keep: 'good', act: 'good', escalate: 'warn' } as const;

const state = ({ decision, done }: DailyItemRow): readonly [string, Tone] => {
  if (decision !== null) return [decisionWords[decision], tones[decision]];
  return done === null ? ['undecided', 'info'] : ['changed', 'warn'];
};

const optional = (title: string, lines: readonly DetailLine[]): readonly DetailSection[] => (lines.length === 0 ? [] : [{ title, lines }]);

const detail = (item: DailyItemRow, { done, earlier }: ItemFacts): readonly DetailSection[] => [
  {
    title: nameOfItem(item),
    lines: [
      ['Seen', item.words, levels[item.level]],
      ['Level', item.level, levels[item.level]],
      ['Since', formatInstant(item.at)],
      ['Record', `${item.entity} ${item.entityId}; Enter leads to it`],
      ['Review', `${item.reviewId}, of ${item.day}`],
    ],
  },
  {
    title: 'Decision',
    lines: [
      ['State', ...state(item)],
      ...(item.decision === null
        ? []
        : [['By', `${item.decidedBy} ${formatInstant(item.decidedAt)}`] as const, ['Note', item.note ?? '-'] as const]),
    ],
  },
  ...optional(
    'Done to the record since',
    done.map(({ at, operator, action, outcome, seq }) => [
      formatShortInstant(at),
      `${operator ?? '-'} ${action} ${outcome}, audit #${seq}`,
    ]),
  ),
  ...optional(
    'Earlier reviews',
    earlier.map(({ day, decision, by, note }) => [day, `${by} ${decisionWords[decision]} it: ${note}`]),
  ),
];

const whole = (action: string): Binding<undefined> => ({ action, inputFrom: () => ({}), whyNot: () => undefined });

/** What was done to the record since is the note's beginning. */
const acted: Binding<DailyItemRow> = {
  action: 'daily-items.act',
  inputFrom: item => ({ id: String(item.id), ...(item.done === null ? {} : { note: `${item.doneBy ?? 'nobody'} did ${item.done}` }) }),
  whyNot: whyNotDecide,
};

export const dailyItems = defineResource<DailyItemRow, ItemFacts>({
  id: 'daily-items',
  title: 'Daily review',
  entity: 'daily-item',
  aliases: ['review'],
  permission: 'daily.read',
  page: dailyItemPage,
  start: 'open=yes decision=undecided',
  whenEmpty: 'x n opens the review of today, x r adds what came since, x c closes it.',
  nameOf: nameOfItem,

  columns: [
    { title: 'About', width: 20, cell: item => item.category },
    { title: 'Record', width: 14, cell: item => item.label },
    { title: 'Seen', width: 'fill', cell: item => item.words, tone: item => levels[item.level] },
    { title: 'Since', width: 11, priority: 3, cell: item => formatShortInstant(item.at), value: item => isoInstant(item.at) },
    { title: 'Decision', width: 9, cell: item => state(item)[0], tone: item => state(item)[1] },
    { title: 'By', width: 8, priority: 2, cell: item => item.decidedBy ?? '-' },
    { title: 'Note', width: 30, priority: 3, cell: item => item.note ?? '-' },
    { title: 'Review', width: 6, align: 'right', priority: 3, cell: item => String(item.reviewId) },
    { title: 'Item', width: 6, align: 'right', sort: 'item', priority: 3, cell: item => String(item.id) },
  ],

  relate: factsOfItem,
  detail,
  open: item => ({ resource: item.pane, filter: item.filter }),

  actions: {
    k: on('daily-items.keep', whyNotDecide),
    a: acted,
    e: on('daily-items.escalate', whyNotDecide),
    u: on('daily-items.undo', whyNotUndo),
  },
  general: { n: whole('daily.open'), r: whole('daily.refresh'), c: whole('daily.close') },
  jumps: { l: item => ({ resource: 'audit', filter: `entity=${item.entity} record=${item.entityId}` }) },
});
