import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readSecurityReport, type SecurityReport } from '../database/security-report.ts';
import { done, forbidden, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { settingText } from '../domain/setting.ts';
import { sparkline } from '../domain/sparkline.ts';
import { toJson } from '../kit/export.ts';
import { security } from '../resources/security/index.ts';
import type { Command, CommandContext } from './command.ts';
import { withDatabase } from './with-database.ts';

const mostDays = 366;
const usualDays = 7;

const daysFrom = (typed: string | undefined): Outcome<number> => {
  const days = typed === undefined ? usualDays : Number(typed);
  return Number.isInteger(days) && days >= 1 && days <= mostDays
    ? done(days)
    : invalid(`--days is a whole number from 1 to ${mostDays}`, `without it the last ${usualDays} days are told`);
};

/** A name that somebody typed must not draw columns of its own. */
const cell = (text: string | number): string => safe(String(text), { max: 200 }).replaceAll('|', String.raw`\|`);

const table = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] =>
  rows.length === 0
    ? ['None.']
    : [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---').join('|')}|`, ...rows.map(row => `| ${row.map(cell).join(' | ')} |`)];

const sources = (title: string, what: string, rows: SecurityReport['addresses']): readonly string[] => [
  '',
  `## ${title}`,
  '',
  ...table(
    [what, 'Failures', 'Last'],
    rows.map(({ name, failures, last }) => [name, failures, last]),
  ),
];

/** The report as people read it. */
export const asMarkdown = (report: SecurityReport): string =>
  [
    `# Security report${report.demo ? ' (demo bank)' : ''}`,
    '',
    `${report.since} to ${report.until}, ${report.days} ${report.days === 1 ? 'day' : 'days'}.`,
    '',
    '## Events',
    '',
    ...table(
      ['Level', 'Kind', 'Events', 'Seen', 'Ask for somebody'],
      report.kinds.map(({ level, kind, events, seen, open }) => [level, kind, events, seen, open]),
    ),
    '',
    `## Open: ${report.open.length}`,
    '',
    ...table(
      ['No', 'Level', 'What', 'Last seen'],
      report.open.map(({ id, level, summary, last }) => [`#${id}`, level, summary, last]),
    ),
    ...sources('Addresses that failed most', 'Address', report.addresses),
    ...sources('Usernames that failed most', 'Username', report.usernames),
    ...sources('Operators that failed most', 'Operator', report.operators),
    '',
    '## Failed logins by hour, last 24 h',
    '',
    `${sparkline(report.failuresPerHour)} ${report.failuresPerHour.reduce((sum, n) => sum + n, 0)} in all, at most ${Math.max(...report.failuresPerHour)} in an hour`,
    '',
    '## Thresholds',
    '',
    ...table(
      ['Setting', 'Value'],
      Object.entries(report.thresholds).map(([key, value]) => [key, settingText(value)]),
    ),
    '',
    'Countries are not known to the console: addresses stand for themselves.',
    '',
  ].join('\n');

const reportFor = (days: number, context: CommandContext): Promise<Outcome<SecurityReport>> =>
  context.withSession(async session => {
    if (!session.operator.permissions.has(security.permission))
      return forbidden(`the report needs the permission ${security.permission}`, 'ask an administrator for a role that has it');
    const report = await withDatabase(context, { name: 'security report', readOnly: true }, connection =>
      readSecurityReport(connection, days),
    );
    await session.recordExport(
      security,
      `since=${days}d`,
      report.kinds.reduce((sum, { events }) => sum + events, 0),
    );
    return done(report);
  });

/** `bursar security report`. */
export const securityReportCommand: Command = {
  name: 'security report',
  summary: 'what was counted at the doors of platform and console, what is open, top sources and thresholds, as Markdown',
  flags: [
    { name: 'days', takes: 'N', help: `the last N days; ${usualDays} unless said` },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ flags }, context) => {
    const json = flags['json'] === 'yes';
    const days = daysFrom(flags['days']);
    if (!days.ok) return refuse(context.streams, json, days);
    const report = await reportFor(days.value, context);
    if (!report.ok) return refuse(context.streams, json, report);
    await context.streams.write(json ? `${toJson({ ok: true, report: report.value }, 2)}\n` : asMarkdown(report.value));
    return exitCode.done;
  },
};
