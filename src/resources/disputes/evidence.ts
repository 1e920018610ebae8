import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import { signsOf, type DisputeEvidence } from '../../domain/dispute-evidence.ts';
import { formatMoney } from '../../domain/money.ts';
import type { DetailSection, SmallTable } from '../../kit/define-resource.ts';

type Tabled = { readonly title: string; readonly table: SmallTable };

const tabled = (title: string, columns: readonly string[], rows: readonly (readonly string[])[]): Tabled => ({
  title: `${title}: ${rows.length === 0 ? 'none' : rows.length}`,
  table: { columns, rows },
});

const clock = (at: Date | null): string => (at ? at.toISOString().slice(11, 19) : '-');
const words: Readonly<Record<string, string>> = {
  login_failure: 'failed sign-in', login_blocked: 'kept out', lockout: 'locked out', password_reset: 'password reset', mfa_reset: 'second factor reset',
}; // prettier-ignore

const authentication = ({ signIn, sessions, security }: DisputeEvidence): readonly Tabled[] => [
  {
    title: signIn ? 'Last sign-in before it' : 'Last sign-in before it: none',
    table: {
      columns: ['What', 'Which', 'Seen before'],
      rows: signIn
        ? [
            ['at', formatInstant(signIn.at), '-'],
            ['address', signIn.ip, signIn.newAddress ? 'NEVER' : 'yes'],
            ['device', signIn.device.slice(0, 60), signIn.newDevice ? 'NEVER' : 'yes'],
          ]
        : [],
    },
  },
  tabled(
    'Sessions open at that moment',
    ['Began', 'Last seen', 'From', 'Device'],
    sessions.map(({ startedAt, lastSeenAt, ip, device }) => [formatShortInstant(startedAt), formatShortInstant(lastSeenAt), ip, device.slice(0, 40)]),
  ),
  tabled(
    'Failures, lockouts and resets of the day before',
    ['At', 'What', 'From', 'Device'],
    security.map(({ at, type, ip, device }) => [formatShortInstant(at), words[type] ?? type, ip, device.slice(0, 40)]),
  ),
]; // prettier-ignore

const money = ({ postings, refusals, from, to }: DisputeEvidence): readonly Tabled[] => [
  tabled(
    `Other transactions ${clock(from)} to ${clock(to)}`,
    ['At', 'Id', 'Type', 'Amount', 'Channel', 'With'],
    postings.map(({ at, id, type, amount, currency, credit, channel, counterparty }) => [
      clock(at),
      String(id),
      type,
      `${credit ? '+' : '-'}${formatMoney(amount, currency)}`,
      channel,
      counterparty.slice(0, 24),
    ]),
  ),
  tabled(
    'Refused postings of that hour',
    ['At', 'Type', 'Amount', 'Why'],
    refusals.map(({ at, type, amount, currency, message }) => [clock(at), type, formatMoney(amount, currency), message]),
  ),
];

const surroundings = ({ errors, alerts, flags }: DisputeEvidence): readonly Tabled[] => [
  tabled(
    'System errors of that hour',
    ['At', 'Level', 'Source', 'Message'],
    errors.map(({ at, level, source, message }) => [clock(at), level, source, message.slice(0, 60)]),
  ),
  tabled(
    'Open alerts and flags of the account',
    ['What', 'Since', 'Which'],
    [
      ...alerts.map(({ id, rule, score, openedAt }) => [`alert ${id}`, formatShortInstant(openedAt), `R${rule}, score ${score}`]),
      ...flags.map(({ id, at, note }) => [`flag on transaction ${id}`, formatShortInstant(at), note.slice(0, 60)]),
    ],
  ),
];

/** The evidence of a decision, as tables. */
export const evidenceTables = (evidence: DisputeEvidence): readonly Tabled[] => [
  ...authentication(evidence),
  ...money(evidence),
  ...surroundings(evidence),
];

/** The same as sections of a detail, what stands out first. */
export const evidenceSections = (evidence: DisputeEvidence, gatheredAt: Date | null): readonly DetailSection[] => {
  const signs = signsOf(evidence);
  return [
    {
      title: `Evidence, gathered ${formatShortInstant(gatheredAt)}`,
      lines: [
        ['Channel', evidence.channel],
        ...(signs.length === 0
          ? [['Stands out', 'nothing: sign-in, address and device as always', 'good'] as const]
          : signs.map(sign => ['Stands out', sign, 'warn'] as const)),
      ],
    },
    ...evidenceTables(evidence).map(({ title, table }) => (table.rows.length === 0 ? { title, lines: [] } : { title, table })),
  ];
};
