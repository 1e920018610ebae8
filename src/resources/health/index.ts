import { formatInstant, isoInstant } from '../../domain/day.ts';
import { formatValue, shortThreshold, thresholdWords, type Grade } from '../../domain/health.ts';
import { formatThreshold, thresholdLevels, thresholdNamed } from '../../domain/health-thresholds.ts';
import { sparkline } from '../../domain/sparkline.ts';
import { defineResource, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { helpKeys } from './help-keys.ts';
import { healthPage, stateWords, type HealthRow } from './page.ts';
import { daysOf, hoursOf, thresholdsOf, type Stretch, type ThresholdRow } from './queries.ts';

const tones: Readonly<Record<Grade, Tone>> = { bad: 'bad', warn: 'warn', unknown: 'dim', good: 'good', none: 'dim' };

const titleOf = ({ of, subject }: HealthRow): string => (subject === '' ? of.title : `${of.title}: ${subject}`);
const ageOf = ({ ageSeconds }: HealthRow): string => formatValue('seconds', ageSeconds);

type Related = { readonly hours: readonly Stretch[]; readonly days: readonly Stretch[]; readonly thresholds: readonly ThresholdRow[] };

const historyLine = (title: string, { of: { unit } }: HealthRow, stretches: readonly Stretch[]): DetailLine => {
  if (stretches.length === 0) return [title, 'nothing was measured', 'dim'];
  const least = Math.min(...stretches.map(stretch => stretch.least));
  const most = Math.max(...stretches.map(stretch => stretch.most));
  return [title, `${sparkline(stretches.map(({ mean }) => mean))}  ${formatValue(unit, least)} to ${formatValue(unit, most)}`];
};

/** Where a state begins, where it began before anybody changed it, and who did. */
const thresholdLines = (row: HealthRow, thresholds: readonly ThresholdRow[]): readonly DetailLine[] =>
  thresholdLevels.flatMap(level =>
    thresholds.flatMap(({ key, value, usual, changedAt, changedBy }): readonly DetailLine[] => {
      const setting = thresholdNamed(key);
      if (setting?.level !== level) return [];
      const changed = changedBy === null ? 'as it was set up' : `set on ${formatInstant(changedAt)} by ${changedBy}`;
      return [
        [
          level,
          `${row.of.low ? 'below' : 'from'} ${formatThreshold(setting, value)}, default ${formatThreshold(setting, usual)}, ${changed}; ${key}`,
        ],
      ];
    }),
  );

const detail = (row: HealthRow, { hours, days, thresholds }: Related): readonly DetailSection[] => [
  {
    title: titleOf(row),
    lines: [
      ['Now', formatValue(row.of.unit, row.value), tones[row.grade]],
      ['State', row.grade === 'none' ? 'only told' : stateWords[row.grade], tones[row.grade]],
      ['Found', row.words],
      ...(row.host === null ? [] : [['Host', row.host] as const]),
      ['Thresholds', thresholdWords(row.of)],
      ['Measured', `${formatInstant(row.at)}, ${ageOf(row)} ago`],
    ],
  },
  {
    title: 'What it means',
    lines: [
      ['It is', row.of.means],
      ['What helps', row.of.helps],
      ...(row.of.behind === undefined ? [] : [['Behind it', `:${row.of.behind}, or Enter`] as const]),
    ],
  },
  ...(thresholds.length === 0 ? [] : [{ title: 'Thresholds', lines: thresholdLines(row, thresholds) }]),
  { title: 'History', lines: [historyLine('24 hours', row, hours), historyLine('30 days', row, days)] },
];

export const health = defineResource<HealthRow, Related>({
  id: 'health',
  title: 'Health',
  entity: 'health',
  aliases: ['measures'],
  permission: 'health.read',
  page: healthPage,
  nameField: 'name',
  nameOf: row => row.name,
  empty: [
    'Nothing was measured yet.',
    'An open console or bursar daemon of somebody with schedule.run does so within a minute; bursar health measures now.',
  ],

  columns: [
    { title: 'State', width: 7, sort: 'gravity', cell: row => stateWords[row.grade], value: row => row.grade, tone: row => tones[row.grade] },
    { title: 'Measure', width: 'fill', cell: titleOf },
    { title: 'Where', width: 9, cell: row => row.host ?? row.of.group },
    { title: 'Now', width: 10, align: 'right', cell: row => formatValue(row.of.unit, row.value), value: row => String(row.value ?? ''), tone: row => tones[row.grade] },
    { title: 'Look / wrong', width: 15, priority: 2, cell: row => shortThreshold(row.of) },
    { title: '3 hours', width: 18, cell: row => row.trend },
    { title: 'Age', width: 6, align: 'right', priority: 2, cell: ageOf, value: row => isoInstant(row.at), tone: row => (row.grade === 'unknown' ? 'warn' : 'dim') },
    { title: 'Found', width: 60, priority: 3, cell: row => row.words },
    { title: 'What helps', width: 44, priority: 3, cell: row => row.of.helps },
    { title: 'Group', width: 8, priority: 3, cell: row => row.of.group },
  ], // prettier-ignore

  relate: async (db, row) => {
    const [hours, days, thresholds] = await Promise.all([hoursOf(db, row.id), daysOf(db, row.id), thresholdsOf(db, row.measure)]);
    return { hours, days, thresholds };
  },
  detail,

  actions: helpKeys,
  jumps: { l: row => (row.host === null ? undefined : { resource: 'runs', filter: `host=${row.host}` }) },
  hostOf: row => row.host ?? row.databaseHost,
  open: row => (row.of.behind === undefined ? undefined : { resource: row.of.behind, filter: '' }),
});
