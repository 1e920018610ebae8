import { z } from 'zod';
import { countOf, lengthOf } from './incident.ts';
import { escaped, markdownSection, markdownTable } from './markdown.ts';
import { formatMoney } from './money.ts';

const Maybe = z.string().nullable();

/** The whole of an incident, as the database writes it (ops.incident_document). */
export const IncidentDocument = z.object({
  incident: z.object({
    number: z.number(),
    level: z.number(),
    kind: z.string(),
    title: z.string(),
    status: z.string(),
    opened: z.string(),
    'opened by': z.string(),
    'led by': Maybe,
    contained: Maybe,
    resolved: Maybe,
    reviewed: Maybe,
  }),
  seconds: z.object({ 'to contain': z.number().nullable(), 'to resolve': z.number().nullable() }),
  impact: z
    .object({
      accounts: z.number(),
      frozen: z.number(),
      'frozen meanwhile': z.number(),
      customers: z.number(),
      'refused postings': z.number(),
      balances: z.record(z.string(), z.string()),
    })
    .nullable(),
  review: z.object({ 'root cause': Maybe, prevention: Maybe, 'went well': Maybe, 'went badly': Maybe }),
  steps: z.array(
    z.object({
      phase: z.string(),
      step: z.string(),
      due: z.string(),
      done: Maybe,
      by: Maybe,
      note: Maybe,
      result: z.string(),
      'late by': z.number().nullable(),
    }),
  ),
  records: z.array(z.object({ kind: z.string(), record: z.string(), linked: z.string() })),
  evidence: z.array(z.object({ bundle: z.number(), preserved: z.string(), by: z.string(), sha256: z.string() })),
  notices: z.array(z.object({ audience: z.string(), sent: z.string(), by: z.string(), recipients: z.number(), text: z.string() })),
  timeline: z.array(
    z.object({
      row: z.number().nullable(),
      at: z.string(),
      operator: z.string(),
      action: z.string(),
      record: z.string(),
      outcome: z.string(),
      note: Maybe,
    }),
  ),
});
export type IncidentDocument = z.output<typeof IncidentDocument>;

const minute = (instant: string | null): string => (instant === null ? 'never' : `${instant.slice(0, 16).replace('T', ' ')} UTC`);
const span = (seconds: number | null): string => (seconds === null ? 'never' : lengthOf(seconds));

const inTime = ({ steps }: IncidentDocument): string => {
  const count = (result: string): number => steps.filter(step => step.result === result).length;
  return `${count('in time')} of ${steps.length} steps in time, ${count('late')} late, ${count('skipped')} skipped, ${count('not done')} not done`;
};

const summary = ({ incident, seconds }: IncidentDocument): readonly string[] => [
  `A ${incident.kind} incident of level ${incident.level}, opened ${minute(incident.opened)} by ${escaped(incident['opened by'])} and led by ${escaped(incident['led by'] ?? '-')}.`,
  `Contained ${minute(incident.contained)} (after ${span(seconds['to contain'])}), resolved ${minute(incident.resolved)} (after ${span(seconds['to resolve'])}), reviewed ${minute(incident.reviewed)}.`,
];

const impactLines = ({ impact, records }: IncidentDocument): readonly string[] =>
  impact === null
    ? ['It was never measured.']
    : [
        `- ${countOf(impact.accounts, 'account')} of ${countOf(impact.customers, 'customer')} affected; ${impact['frozen meanwhile']} frozen meanwhile, ${impact.frozen} still frozen when it was resolved`,
        `- ${countOf(impact['refused postings'], 'posting')} refused`,
        ...Object.entries(impact.balances).map(([currency, minor]) => `- balances of ${formatMoney(BigInt(minor), currency)}`),
        ...records.filter(({ kind }) => kind !== 'account').map(({ kind, record }) => `- ${kind} ${escaped(record)}`),
      ];

const stepRows = ({ steps }: IncidentDocument) =>
  steps.map(step => [
    step.phase,
    escaped(step.step),
    step.due.slice(5, 16).replace('T', ' '),
    step.result === 'late' ? `late by ${span(step['late by'])}` : step.result,
    escaped(step.by ?? ''),
    escaped(step.note ?? ''),
  ]);

const lessons = ({ review }: IncidentDocument): readonly string[] => [
  ...markdownSection('Root cause', [escaped(review['root cause'] ?? '-')]),
  ...markdownSection('What prevents it from now on', [escaped(review.prevention ?? '-')]),
  ...markdownSection('What went well', review['went well'] === null ? [] : [escaped(review['went well'])]),
  ...markdownSection('What went badly', review['went badly'] === null ? [] : [escaped(review['went badly'])]),
];

const timelineRows = ({ timeline }: IncidentDocument) =>
  timeline.map(({ row, at, operator, action, record, outcome, note }) =>
    [at, operator, action, record, outcome, note ?? '', row === null ? '' : String(row)].map(escaped),
  );

/** The post-incident review for people to read. */
export const incidentMarkdown = (document: IncidentDocument, sha256: string): string => {
  const { incident, records, evidence, notices } = document;
  const accounts = records.filter(({ kind }) => kind === 'account');
  const lines = [
    `# Incident ${incident.number}: ${escaped(incident.title)}`,
    '',
    ...summary(document),
    '',
    `SHA-256 of the result: \`${sha256}\``,
    ...markdownSection('Impact', impactLines(document)),
    ...lessons(document),
    ...markdownSection(
      `Checklist: ${inTime(document)}`,
      markdownTable(['Phase', 'Step', 'Due', 'Result', 'By', 'Note'], stepRows(document)),
    ),
    ...markdownSection(
      'Told',
      notices.map(
        ({ audience, sent, by, recipients, text }) => `- ${minute(sent)}, ${audience} (${recipients}), by ${escaped(by)}: ${escaped(text)}`,
      ),
    ),
    ...markdownSection(
      'Evidence',
      evidence.map(
        ({ bundle, preserved, by, sha256: hash }) => `- bundle ${bundle}, ${minute(preserved)} by ${escaped(by)}, SHA-256 \`${hash}\``,
      ),
    ),
    ...markdownSection(
      'Affected accounts',
      accounts.map(({ record, linked }) => `- ${escaped(record)}, linked ${minute(linked)}`),
    ),
    ...markdownSection(
      'Timeline',
      markdownTable(['At', 'Operator', 'Action', 'Record', 'Outcome', 'Note', 'Audit row'], timelineRows(document)),
    ),
  ];
  return `${lines.join('\n')}\n`;
};
