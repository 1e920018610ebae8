import { formatShortInstant, isoInstant } from '../../domain/day.ts';
import { percentUsed, until, usageBar, usageInWords, whyNotOverride, type LimitType, type LimitUse } from '../../domain/limit.ts';
import { formatAmount, formatMoney } from '../../domain/money.ts';
import { defineResource, on, type Column, type DetailLine, type DetailSection, type Tone } from '../../kit/define-resource.ts';
import { recentRefusals, type RefusalLine } from '../accounts/queries.ts';
import { limitPage, overridesOf, usesOf, type LimitRow, type Override } from './queries.ts';

/** From here on an account is near its limit, in percent. */
const near = 80;
const toneOf = (use: LimitUse | undefined): Tone => {
  const percent = use ? percentUsed(use) : 0;
  return percent >= 100 ? 'bad' : percent >= near ? 'warn' : 'plain';
};

const usageOf = (row: LimitRow, type: LimitType): LimitUse | undefined => usesOf(row).find(use => use.type === type);
const nearest = (row: LimitRow): LimitUse | undefined => usesOf(row).toSorted((a, b) => percentUsed(b) - percentUsed(a))[0];
const inForce = (row: LimitRow): readonly LimitUse[] => usesOf(row).filter(({ overridden }) => overridden);

const usageColumn = (title: string, type: LimitType): Column<LimitRow> => ({
  title,
  width: 18,
  priority: 3,
  cell: row => {
    const use = usageOf(row, type);
    return use ? usageBar(use) : '-';
  },
  value: row => {
    const use = usageOf(row, type);
    return use ? `${formatAmount(use.used, row.currency)} of ${formatAmount(use.daily, row.currency)}` : '';
  },
  tone: row => toneOf(usageOf(row, type)),
});

const overrideLine = (override: Override, currency: string): DetailLine => {
  const { type, single, daily, reason, setBy, setAt, expiresAt, endedAt, endedBy, endNote } = override;
  const ending = endedAt
    ? `ended ${formatShortInstant(endedAt)} by ${endedBy ?? '-'}: ${endNote ?? '-'}`
    : `${override.inForce ? '' : 'over, '}${until(expiresAt)}`;
  return [
    type,
    `single ${formatAmount(single, currency)}, daily ${formatAmount(daily, currency)}, ${ending}; set ${formatShortInstant(setAt)} by ${setBy ?? 'the setup'}: ${reason}`,
    override.inForce ? 'info' : 'dim',
  ];
};

type Related = { readonly overrides: readonly Override[]; readonly refusals: readonly RefusalLine[] };

const detail = (row: LimitRow, { overrides, refusals }: Related): readonly DetailSection[] => [
  {
    title: 'Account',
    lines: [
      ['Number', row.number],
      ['Owner', `${row.ownerName} (${row.username})`],
      ['Status', row.status],
    ],
  },
  { title: 'Limits today', lines: usesOf(row).map(use => [use.type, usageInWords(use, row.currency), toneOf(use)]) },
  {
    title: 'Overrides',
    lines:
      overrides.length === 0
        ? [['none', 'the limits are those of every account', 'dim']]
        : overrides.map(override => overrideLine(override, row.currency)),
  },
  {
    title: 'Refused postings',
    lines:
      refusals.length === 0
        ? [['none', '-', 'dim']]
        : refusals.map(refusal => [
            formatShortInstant(refusal.refusedAt),
            `${refusal.type} ${formatMoney(refusal.amount, refusal.currency)}: ${refusal.message}`,
          ]),
  },
];

export const limits = defineResource<LimitRow, Related>({
  id: 'limits',
  title: 'Limits',
  entity: 'limit',
  aliases: ['limit'],
  permission: 'limit.read',
  page: limitPage,
  nameField: 'number',
  nameOf: row => row.number,

  columns: [
    { title: 'Account', width: 12, cell: row => row.number },
    { title: 'Owner', width: 'fill', cell: row => row.ownerName },
    {
      title: 'Nearest limit',
      width: 29,
      sort: 'used',
      cell: row => {
        const use = nearest(row);
        return use && use.used > 0n ? `${usageBar(use)} ${use.type}` : '';
      },
      value: row => String(Math.max(...usesOf(row).map(percentUsed))),
      tone: row => toneOf(nearest(row)),
    },
    usageColumn('Deposits', 'deposit'),
    usageColumn('Withdrawals', 'withdrawal'),
    usageColumn('Transfers', 'transfer'),
    {
      title: 'Overridden until',
      width: 20,
      cell: row =>
        inForce(row)
          .map(({ type, expiresAt }) => (expiresAt ? `${type} ${formatShortInstant(expiresAt).slice(0, 5)}` : type))
          .join(', '),
      value: row =>
        inForce(row)
          .map(({ type, expiresAt }) => (expiresAt ? `${type} ${isoInstant(expiresAt)}` : type))
          .join(', '),
      tone: () => 'info',
    },
  ],

  relate: async (db, row) => {
    const [overrides, refusals] = await Promise.all([overridesOf(db, row.id), recentRefusals(db, row.id, 20)]);
    return { overrides, refusals };
  },
  detail,

  actions: {
    l: on('accounts.override-limit', whyNotOverride),
    e: {
      ...on<LimitRow>('accounts.end-override', row => (inForce(row).length > 0 ? undefined : `no limit of ${row.number} is overridden`)),
      inputFrom: row => ({ id: String(row.id), ...(inForce(row)[0] ? { type: inForce(row)[0]?.type ?? 'transfer' } : {}) }),
    },
    f: on('accounts.freeze', row => (row.status === 'active' ? undefined : `${row.number} is ${row.status}`)),
  },
  jumps: {
    u: row => ({ resource: 'users', filter: `username=${row.username}` }),
    a: row => ({ resource: 'accounts', filter: `number=${row.number}` }),
    t: row => ({ resource: 'transactions', filter: `account=${row.number} posted=today` }),
    l: row => ({ resource: 'audit', filter: `entity=account record=${row.id}` }),
  },
});
