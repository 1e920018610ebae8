import { z } from 'zod';
import { escaped, markdownSection, markdownTable } from './markdown.ts';
import { formatMoney } from './money.ts';

const Maybe = z.string().nullable();
const Amount = z.string().regex(/^-?\d{1,18}$/);

/** Everything that is known of a case, as the database gathers it. */
export const CaseReport = z.object({
  case: z.object({
    number: z.number(),
    title: z.string(),
    status: z.string(),
    score: z.number(),
    opened: z.string(),
    'opened by': z.string(),
    assigned: Maybe,
    finding: Maybe,
    incident: z.number().nullable(),
  }),
  platform: Maybe,
  subject: z
    .object({ name: z.string(), born: Maybe, username: z.string(), email: z.string(), phone: Maybe, status: z.string(), since: z.string() })
    .nullable(),
  accounts: z.array(
    z.object({
      number: z.string(),
      type: z.string(),
      currency: z.string(),
      status: z.string(),
      balance: Amount,
      opened: z.string(),
      about: z.boolean().nullable(),
    }),
  ),
  alerts: z.array(
    z.object({
      number: z.number(), rule: z.number(), title: z.string(), explanation: z.string(), score: z.number(), opened: z.string(), 'decided by': Maybe, outcome: Maybe,
    }), // prettier-ignore
  ),
  hits: z.array(
    z.object({
      alert: z.number(),
      rule: z.number(),
      version: z.number(),
      at: z.string(),
      words: z.string(),
      parameters: z.record(z.string(), z.union([z.number(), z.string()])),
    }),
  ),
  transactions: z.array(
    z.object({
      id: z.number(), posted: z.string(), type: z.string(), amount: Amount, currency: z.string(), from: z.string(), to: z.string(), channel: z.string(), description: z.string(),
    }), // prettier-ignore
  ),
  holds: z.array(z.object({ placed: z.string(), by: z.string(), ground: z.string(), note: z.string(), released: Maybe, findings: Maybe })),
  links: z.array(z.object({ entity: z.string(), id: z.string(), by: z.string(), at: z.string(), label: Maybe })),
  notes: z.array(z.object({ at: z.string(), by: z.string(), on: z.string(), text: z.string() })),
  acts: z.array(z.object({ row: z.number(), at: z.string(), operator: Maybe, action: z.string(), record: z.string(), note: Maybe })),
});
export type CaseReport = z.output<typeof CaseReport>;

/** `2026-11-20 12:04:31`. */
const instant = (text: string): string => text.slice(0, 19).replace('T', ' ');
const money = ({ amount, currency }: { readonly amount: string; readonly currency: string }): string =>
  formatMoney(BigInt(amount), currency);
const points = (lines: readonly string[]): readonly string[] => lines.map(line => `- ${line}`);

const subjectLines = ({ subject, accounts }: CaseReport): readonly string[] =>
  subject === null
    ? ['The case is about no one account.']
    : [
        ...points([
          `Name: ${escaped(subject.name)}`,
          `Born: ${subject.born ?? 'not known'}`,
          `Customer since ${instant(subject.since)} as ${escaped(subject.username)}, ${escaped(subject.status)} now`,
          `Reached at ${escaped(subject.email)}${subject.phone === null ? '' : `, ${escaped(subject.phone)}`}`,
        ]),
        '',
        ...markdownTable(
          ['Account', 'Type', 'Status', 'Balance', 'Opened', ''],
          accounts.map(each => [
            escaped(each.number),
            each.type,
            each.status,
            money({ amount: each.balance, currency: each.currency }),
            instant(each.opened),
            each.about === true ? 'reported' : '',
          ]),
        ),
      ];

const parametersOf = (parameters: Readonly<Record<string, number | string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

/** What one alert rests on: the rule with its version and parameters, and each hit in words. */
const alertLines = ({ hits }: CaseReport, alert: CaseReport['alerts'][number]): readonly string[] => {
  const own = hits.filter(hit => hit.alert === alert.number);
  const [first] = own;
  return [
    `### Alert ${alert.number}: R${alert.rule} ${escaped(alert.title)}, score ${alert.score}`,
    '',
    escaped(alert.explanation),
    '',
    ...(first
      ? [`Rule version ${first.version}, measured by: ${escaped(parametersOf(first.parameters)) || 'nothing that is set'}.`, '']
      : []),
    ...points(own.map(hit => `${instant(hit.at)}: ${escaped(hit.words)}`)),
    '',
  ];
};

const transactionLines = ({ transactions }: CaseReport): readonly string[] =>
  markdownTable(
    ['Id', 'Posted (UTC)', 'Type', 'Amount', 'From', 'To', 'Channel', 'Description'],
    transactions.map(each => [
      String(each.id),
      instant(each.posted),
      each.type,
      money(each),
      escaped(each.from),
      escaped(each.to),
      escaped(each.channel),
      escaped(each.description),
    ]),
  );

const doneLines = ({ holds, links }: CaseReport): readonly string[] => [
  ...points(
    holds.map(
      hold =>
        `${instant(hold.placed)}: account frozen by ${escaped(hold.by)} (${hold.ground}): ${escaped(hold.note)}${hold.released === null ? '; still frozen' : `; released ${instant(hold.released)}: ${escaped(hold.findings ?? '')}`}`,
    ),
  ),
  ...points(
    links.map(link => `${instant(link.at)}: linked to ${escaped(link.entity)} ${escaped(link.label ?? link.id)} by ${escaped(link.by)}`),
  ),
];

type Moment = { readonly at: string; readonly line: string };

const timeline = ({ acts, alerts, notes, case: found }: CaseReport): readonly string[] => {
  const moments: readonly Moment[] = [
    { at: found.opened, line: `case opened by ${escaped(found['opened by'])}` },
    ...alerts.map(({ opened, number, rule }): Moment => ({ at: opened, line: `alert ${number} raised by rule R${rule}` })),
    ...acts.map((act): Moment => ({
      at: act.at,
      line: `${escaped(act.operator ?? '-')} ${escaped(act.action)} ${escaped(act.record)} (audit ${act.row})`,
    })),
    ...notes.map((note): Moment => ({ at: note.at, line: `${escaped(note.by)} on ${escaped(note.on)}: ${escaped(note.text)}` })),
  ];
  return points(moments.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ at, line }) => `${instant(at)}: ${line}`));
};

const findingLines = ({ case: found }: CaseReport): readonly string[] =>
  found.finding === null ? [`None yet: the case is ${found.status}.`] : [`**${found.status}**: ${escaped(found.finding)}`];

export type Author = { readonly operator: string; readonly at: Date };

/** The suspicious activity report for people to read, without its last line, which is its own hash. */
export const caseReportMarkdown = (report: CaseReport, { operator, at }: Author): string => {
  const { case: found, platform, alerts } = report;
  const lines = [
    `# Suspicious activity report: case ${found.number}, ${escaped(found.title)}`,
    '',
    `${escaped(platform ?? 'The platform')}, written ${at.toISOString().slice(0, 19).replace('T', ' ')} UTC by ${escaped(operator)}.`,
    `Case ${found.number} was opened ${instant(found.opened)} by ${escaped(found['opened by'])}; it is ${found.status}, score ${found.score}, ` +
      `${found.assigned === null ? 'taken by nobody yet' : `investigated by ${escaped(found.assigned)}`}.`,
    ...(found.incident === null ? [] : [`It belongs to incident ${found.incident}.`]),
    ...markdownSection('Subject', subjectLines(report)),
    ...markdownSection(
      'What was observed',
      alerts.flatMap(alert => alertLines(report, alert)),
    ),
    ...markdownSection('Transactions', report.transactions.length === 0 ? [] : transactionLines(report)),
    ...markdownSection('What was done', doneLines(report)),
    ...markdownSection('Timeline', timeline(report)),
    ...markdownSection('Finding', findingLines(report)),
  ];
  return `${lines.join('\n')}\n`;
};
