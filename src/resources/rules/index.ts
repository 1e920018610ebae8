import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { sparkline } from '../../domain/sparkline.ts';
import { defineResource, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { ruleDetail, rulePage, type LastRun, type RecentHit, type RuleDetail, type RuleRow } from './queries.ts';

const tones = { live: 'good', shadow: 'info', off: 'warn' } as const;

/** With fewer decisions a share says nothing. */
const enough = 5;

const nameOf = ({ id }: RuleRow): string => `R${id}`;
const share = ({ right, decided }: RuleRow): number => Math.round((right / decided) * 100);
const precision = (rule: RuleRow): string => (rule.decided === 0 ? '-' : `${share(rule)} %`);
const precisionTone = (rule: RuleRow): Tone => (rule.decided >= enough && share(rule) < 20 ? 'warn' : 'plain');

const modes = {
  live: 'live: its hits raise alerts',
  shadow: 'shadow: its hits are stored and raise nothing',
  off: 'off: it does not look',
} as const;

const runLines = (run: LastRun | undefined): readonly DetailLine[] => {
  if (!run) return [['Last run', 'never: leave a console open, or run "bursar detect run"', 'warn']];
  const end = run.finishedAt === null ? 'has not finished' : `finished ${formatShortInstant(run.finishedAt)}`;
  return [
    ['Last run', `${formatInstant(run.startedAt)} by the console of ${run.by}, ${end}`, run.finishedAt === null ? 'info' : 'plain'],
    ['It looked from', formatInstant(run.since)],
    ['It found', `${run.hits} new hits of all rules, ${run.alerts} alerts opened`],
  ];
};

const hitTable = (title: string, hits: readonly RecentHit[]): readonly DetailSection[] =>
  hits.length === 0
    ? []
    : [
        {
          title,
          table: {
            columns: ['At', 'Account', 'What it saw', 'Alert'],
            rows: hits.map(({ at, account, words, alertId }) => [
              formatShortInstant(at),
              account ?? '-',
              words,
              alertId === null ? '-' : `#${alertId}`,
            ]),
          },
        },
      ];

const detail = (rule: RuleRow, { settings, hits, byDay, lastRun }: RuleDetail): readonly DetailSection[] => [
  {
    title: `${nameOf(rule)} ${rule.title}`,
    lines: [
      ['Looks for', rule.explanation],
      ['Mode', modes[rule.mode], tones[rule.mode]],
      ['Score', `${rule.score}: scores of the rules that hit an account within 24 hours add up`],
      ['Version', String(rule.version)],
      ['Hits, 24 h', `${rule.hits}, in shadow ${rule.shadowHits}`],
      ['Daily, 14 d', sparkline(byDay)],
      ['Alerts open', String(rule.alertsOpen)],
      [
        'Precision',
        rule.decided === 0
          ? 'none of its alerts is decided'
          : `${precision(rule)}: ${rule.right} of ${rule.decided} decided alerts were confirmed or valuable`,
        precisionTone(rule),
      ],
    ],
  },
  ...(settings.length === 0
    ? []
    : [
        {
          title: 'Measured by',
          table: {
            columns: ['Setting', 'Value', 'Usual', 'Between', 'What it is'],
            rows: settings.map(({ key, label, value, usual, min, max }) => [
              key,
              value,
              usual,
              `${min} and ${max}`,
              label.replace(/^R\d+ /, ''),
            ]),
          },
        },
      ]),
  ...hitTable(
    'Last hits',
    hits.filter(({ shadow }) => !shadow),
  ),
  ...hitTable(
    'Last hits in shadow',
    hits.filter(({ shadow }) => shadow),
  ),
  { title: 'Detection', lines: runLines(lastRun) },
];

export const rulesPane = defineResource<RuleRow, RuleDetail>({
  id: 'rules',
  title: 'Rules',
  entity: 'rule',
  aliases: ['rule'],
  permission: 'rule.read',
  page: rulePage,
  nameField: 'rule',
  nameOf,

  columns: [
    { title: 'Rule', width: 5, sort: 'id', cell: nameOf },
    { title: 'Title', width: 'fill', sort: 'title', cell: rule => rule.title },
    { title: 'Mode', width: 6, cell: rule => rule.mode, tone: rule => tones[rule.mode] },
    { title: 'Score', width: 5, align: 'right', sort: 'score', cell: rule => String(rule.score) },
    { title: 'Hits 24 h', width: 9, align: 'right', cell: rule => String(rule.hits) },
    { title: 'Alerts open', width: 11, align: 'right', cell: rule => String(rule.alertsOpen) },
    { title: 'Precision', width: 9, align: 'right', cell: precision, tone: precisionTone },
    { title: 'Decided', width: 7, align: 'right', priority: 2, cell: rule => String(rule.decided) },
    { title: 'In shadow', width: 9, align: 'right', priority: 2, cell: rule => String(rule.shadowHits) },
    {
      title: 'Last hit',
      width: 11,
      priority: 2,
      cell: rule => formatShortInstant(rule.lastHitAt),
      value: rule => isoInstant(rule.lastHitAt),
    },
    { title: 'Version', width: 7, align: 'right', priority: 3, cell: rule => String(rule.version) },
  ],

  relate: ruleDetail,
  detail,

  // Its mode is a setting like its parameters: typed, with two people, and every version kept
  actions: {
    m: { action: 'settings.edit', inputFrom: rule => ({ id: String(rule.modeSetting) }), whyNot: () => undefined, single: true },
  },
  jumps: { l: rule => ({ resource: 'audit', filter: `entity=rule record=${rule.id}` }) },
});
