import type { Day } from '../../src/domain/day.ts';
import { conflict, done } from '../../src/domain/outcome.ts';
import { permissions } from '../../src/domain/permission.ts';
import type { DetailSection } from '../../src/kit/define-resource.ts';
import { fieldsOf } from '../../src/kit/form-fields.ts';
import type { Preview, Receipt } from '../../src/kit/request.ts';
import type { RecordResult } from '../../src/kit/run-bulk.ts';
import type { Environment, Session } from '../../src/kit/session.ts';
import { freezeAccount } from '../../src/resources/accounts/freeze.ts';
import { accounts } from '../../src/resources/accounts/index.ts';
import type { AccountRow } from '../../src/resources/accounts/queries.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { layoutOf } from '../../src/tui/state/layout.ts';
import { initialState, newView } from '../../src/tui/state/start.ts';
import type { BulkState, ConfirmState, FormState, Mode, Size, State, View } from '../../src/tui/state/types.ts';

export const small: Size = { columns: 80, rows: 24 };
export const medium: Size = { columns: 120, rows: 40 };
export const large: Size = { columns: 200, rows: 50 };

/** 2026-11-20 12:04:31 UTC, in milliseconds: every frame is of this moment. */
export const noon = Date.UTC(2026, 10, 20, 12, 4, 31);
const day = 86_400_000;

const registry = { resources, actions };
const refuse = (): never => {
  throw new Error('frames ask the database for nothing');
};

/** A session as far as a frame looks at it; whatever would ask the database throws. */
export const aSession = (environment: Partial<Environment> = {}, changes: Partial<Session> = {}): Session => ({
  operator: { id: 1n, name: 'lena', displayName: 'Lena Berg', roles: ['operations'], permissions: new Set(permissions) },
  environment: { name: 'eu-1', production: false, demo: true, timeZone: 'Europe/Berlin', currency: 'EUR', ...environment },
  registry,
  now: () => new Date(noon),
  today: (): Day => '2026-11-20',
  filterContext: () => ({ today: '2026-11-20', currency: 'EUR' }),
  leave: refuse,
  list: refuse,
  newer: refuse,
  count: refuse,
  find: refuse,
  matching: refuse,
  detail: refuse,
  offers: async () => ({}),
  preview: refuse,
  run: refuse,
  settle: refuse,
  previewBulk: refuse,
  runBulk: refuse,
  recordExport: refuse,
  cancelReads: refuse,
  close: refuse,
  ...changes,
});

const owners = [
  ['Ada', 'Byron'],
  ['Jonas', 'Weiss'],
  ['Łucja', 'Żak'],
  ['王', '小明'],
  ['Marta', 'Oliveira da Silva Santos'],
  ['Sven', 'Öberg'],
  ['Priya', 'Raman'],
  ['Tom', 'Okafor'],
] as const;
const statuses = ['active', 'active', 'active', 'pending', 'active', 'frozen', 'active', 'closed'] as const;

/** The account number of a row: nothing but its place. */
export const numberOf = (index: number): string => String(447_100_930_012 + index * 35);

export const anAccount = (index = 0, changes: Partial<AccountRow> = {}): AccountRow => {
  const [first, last] = owners[index % owners.length] ?? owners[0];
  const openedAt = new Date(noon - index * 5 * day - 3_600_000);
  return {
    id: BigInt(index + 1),
    sortKey: openedAt.toISOString(),
    number: numberOf(index),
    ownerId: BigInt(100 + index),
    ownerName: `${first} ${last}`,
    username: `${first.toLowerCase()}.${last.toLowerCase().split(' ')[0]}`,
    type: index % 3 === 0 ? 'current' : 'savings',
    currency: 'EUR',
    status: statuses[index % statuses.length] ?? 'active',
    balance: BigInt((index * 7_919_333) % 25_000_000) + 1_205n,
    openedAt,
    activatedAt: new Date(openedAt.getTime() + day),
    closedAt: null,
    changedAt: new Date(noon - index * 977_000),
    openAlerts: index % 7 === 5 ? 1 : 0,
    topScore: index % 7 === 5 ? 95 : 0,
    openCases: 0,
    openDisputes: 0,
    version: 3,
    ...changes,
  };
};

export const manyAccounts = (count = 60): readonly AccountRow[] => Array.from({ length: count }, (_, index) => anAccount(index));

/** The detail of an account as the pane itself makes it. */
export const detailOf = (row: AccountRow): readonly DetailSection[] =>
  accounts.detail(row, {
    holds: [
      {
        ground: 'suspicious pattern',
        note: 'three transfers just below the reporting line within an hour, asked the branch',
        placedAt: new Date(noon - 2 * day),
        placedBy: 'ravi',
        reviewOn: new Date(noon + 5 * day),
        releasedAt: null,
        findings: null,
      },
    ],
    alerts: [],
    flags: [],
    limits: [
      { type: 'withdrawal', used: 45_000n, daily: 100_000n, single: 50_000n, overridden: false, expiresAt: null },
      { type: 'transfer', used: 0n, daily: 500_000n, single: 250_000n, overridden: false, expiresAt: null },
    ],
    postings: Array.from({ length: 6 }, (_, index) => ({
      id: BigInt(9_000 + index),
      postedAt: new Date(noon - index * 4_000_000),
      type: index % 2 === 0 ? 'transfer' : 'deposit',
      amount: BigInt(12_345 * (index + 1)),
      credit: index % 2 === 1,
      description: index % 2 === 0 ? 'Rent November, flat 4' : 'Salary',
    })),
    refusals: [],
    checks: [],
  });

/** A list as it stands after it was read: the cursor on the third record, its detail beside it where there is room. */
const aView = (rows: readonly AccountRow[], size: Size, changes: Partial<View> = {}): View => {
  const cursor = rows[Math.min(2, rows.length - 1)];
  return {
    ...newView(accounts),
    window: { rows, moreBefore: false, moreAfter: false },
    cursor: cursor?.id,
    count: { value: 18_204, exact: false },
    first: rows[0],
    status: 'ready',
    readAt: noon - 900,
    detail: cursor && layoutOf(size).preview ? { id: cursor.id, sections: detailOf(cursor), scroll: 0, askedAt: noon } : undefined,
    ...changes,
  };
};

type Wish = Partial<Omit<State, 'view'>> & { readonly rows?: readonly AccountRow[]; readonly view?: Partial<View> };

/** The accounts of the demo bank on a screen of this size. */
export const aState = (size: Size, { rows = manyAccounts(), view, ...changes }: Wish = {}): State => ({
  ...initialState({ registry, size, now: noon, seed: 'frames' }),
  session: aSession(),
  view: aView(rows, size, view),
  ...changes,
});

export const inMode = (size: Size, mode: Mode, wish: Wish = {}): State => aState(size, { ...wish, mode });

export const aReceipt = (changes: Partial<Receipt> = {}): Receipt => ({
  request: '00000000-0000-8000-8000-000000000001',
  summary: `froze ${numberOf(2)}`,
  target: { id: '3', label: numberOf(2), version: 4 },
  audit: 88_213,
  waysBack: [{ action: 'accounts.retract-freeze', input: { id: '3' }, seconds: 600 }],
  replayed: false,
  ...changes,
});

export const aPreview = (changes: Partial<Preview> = {}): Preview => ({
  action: 'accounts.freeze',
  title: 'Freeze account',
  danger: 'plain',
  eyes: 1,
  code: false,
  target: { id: '3', label: numberOf(2), version: 3 },
  lines: [
    `${numberOf(2)} of Łucja Żak stops deposits, withdrawals and transfers, whoever posts them`,
    'EUR 158,398.71 stays on the account; it can still be looked at',
    'last 24 h: EUR 1,200.00 in, EUR 310.50 out, 4 postings, 0 refused',
    'looked at again on 2026-11-27; the customer is not told',
  ],
  evidence: [],
  doubts: [],
  hash: 'a1',
  ...changes,
});

export const freezeForm = (changes: Partial<FormState> = {}): FormState => ({
  action: 'accounts.freeze',
  title: 'Freeze account',
  label: numberOf(2),
  request: '00000000-0000-8000-8000-000000000001',
  fields: fieldsOf(freezeAccount.input).filter(field => !field.hidden),
  typed: { id: '3', reviewOn: 'in 7 days', notify: 'no' },
  focus: 0,
  errors: {},
  edition: 0,
  ids: ['3'],
  hiddenByFilter: 0,
  waiting: false,
  asking: false,
  offered: {},
  ...changes,
});

export const aConfirm = (changes: Partial<ConfirmState> = {}): ConfirmState => ({
  form: freezeForm(),
  preview: aPreview(),
  bulk: undefined,
  words: '',
  typed: '',
  edition: 0,
  focus: 'cancel',
  armedAt: noon - 1,
  scroll: 0,
  waiting: false,
  ...changes,
});

/** One result per record; every tenth one is refused. */
export const someResults = (count: number): readonly RecordResult[] =>
  manyAccounts(count).map((row, index) => ({
    id: String(row.id),
    outcome:
      index % 10 === 3
        ? conflict(`${row.number} is pending; only an active account can be frozen`)
        : done(aReceipt({ target: { id: String(row.id), label: row.number, version: 4 }, audit: 88_213 + index })),
  }));

export const aBulk = (changes: Partial<BulkState> = {}): BulkState => ({
  form: freezeForm({ label: '40 records', ids: manyAccounts(40).map(row => String(row.id)), hiddenByFilter: 2 }),
  total: 40,
  results: [],
  atCanary: false,
  focus: 'stop',
  armedAt: noon - 1,
  aborting: false,
  startedAt: noon - 9_000,
  finished: undefined,
  scroll: 0,
  ...changes,
});
