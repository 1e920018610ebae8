import { openDatabase, type Database } from '../../src/database/client.ts';
import type { Keyed, PageRequest } from '../../src/domain/page.ts';
import { parseFilter } from '../../src/domain/filter.ts';
import type { AnyResource } from '../../src/kit/define-resource.ts';
import { readFacts } from '../../src/resources/overview/queries.ts';
import { resources } from '../../src/resources/registry.ts';
import { percentile, type Figure } from './figure.ts';

const rows = 50;

const resourceOf = (id: string): AnyResource => {
  const found = resources.find(resource => resource.id === id);
  if (!found) throw new Error(`there is no pane ${id}`);
  return found;
};

const timed = async (work: () => Promise<unknown>, times: number): Promise<readonly number[]> => {
  const samples: number[] = [];
  for (let left = times; left > 0; left--) {
    const began = performance.now();
    await work();
    samples.push(performance.now() - began);
  }
  return samples;
};

/** A record somewhere in a list: pages are measured from there, and not only from the first one. */
const somewhere = async (
  database: Database,
  resource: AnyResource,
  sort: PageRequest['sort'],
  share: number,
): Promise<PageRequest['at']> => {
  const [range] = await database.reads.$queryRawUnsafe<{ low: bigint; high: bigint }[]>(
    `SELECT min(${resource.id === 'audit' ? 'seq' : 'id'}) AS low, max(${resource.id === 'audit' ? 'seq' : 'id'}) AS high FROM ${tables[resource.id]}`,
  );
  if (!range) return undefined;
  for (let id = range.low + BigInt(Math.floor(Number(range.high - range.low) * share)); id <= range.high; id++) {
    const row = await resource.page.find(database.reads, id);
    if (row)
      return sort.field === resource.page.defaultSort.field ? { direction: 'after', place: row } : placeBy(database, resource, sort, row);
  }
  return undefined;
};

const tables: Readonly<Record<string, string>> = {
  accounts: 'bank.account',
  users: 'bank."user"',
  transactions: 'bank.transaction',
  audit: 'ops.audit',
};

const placeBy = async (database: Database, resource: AnyResource, sort: PageRequest['sort'], row: Keyed): Promise<PageRequest['at']> => {
  const field = resource.page.fields[sort.field];
  const id = resource.id === 'audit' ? 't.seq' : 't.id';
  const [found] = await database.reads.$queryRawUnsafe<{ sortKey: string }[]>(
    `SELECT ${field?.sql}::text AS "sortKey" FROM ${tables[resource.id]} t WHERE ${id} = ${row.id}`,
  );
  return found ? { direction: 'after', place: { sortKey: found.sortKey, id: row.id } } : undefined;
};

const pageFigures = async (database: Database, resource: AnyResource): Promise<readonly Figure[]> => {
  const samples: number[] = [];
  for (const [field, { sortable }] of Object.entries(resource.page.fields)) {
    if (!sortable) continue;
    for (const descending of [true, false]) {
      const sort = { field, descending };
      for (const share of [0, 0.1, 0.5, 0.9]) {
        const at = share === 0 ? undefined : await somewhere(database, resource, sort, share);
        const request: PageRequest = { terms: [], sort, limit: rows, ...(at ? { at } : {}) };
        await resource.page.page(database.reads, request);
        samples.push(...(await timed(() => resource.page.page(database.reads, request), 25)));
      }
    }
  }
  return [
    { group: 'data', what: `${resource.id}: ${rows} rows at any place and sort, p50`, value: percentile(samples, 0.5), unit: 'ms' },
    {
      group: 'data',
      what: `${resource.id}: ${rows} rows at any place and sort, p95`,
      value: percentile(samples, 0.95),
      unit: 'ms',
      target: { kind: 'at most', value: 5 },
    },
  ];
};

/** Filters as operators type them. */
const filters: readonly (readonly [resource: string, filter: string])[] = [
  ['transactions', 'flagged=yes'],
  ['transactions', 'status=reversed'],
  ['transactions', 'type=transfer'],
  ['transactions', 'posted=yesterday'],
  ['transactions', 'since=30d type=deposit'],
  ['transactions', 'amount:1990..2000'],
  ['transactions', 'amount>1990 since=7d'],
  ['transactions', 'rent'],
  ['transactions', 'rent since=7d'],
  ['transactions', 'wages'],
  ['transactions', 'groceries'],
  ['transactions', 'type=reversal'],
  ['transactions', 'channel=atm amount>400'],
  ['transactions', 'zqxv'],
  ['accounts', 'status=pending'],
  ['accounts', 'status=frozen balance>100'],
  ['accounts', 'schmidt'],
  ['accounts', '44711'],
  ['users', 'status=locked'],
  ['users', 'anna'],
  ['audit', 'action=accounts.freeze since=1d'],
  ['audit', 'operator=lena'],
];

const filterFigures = async (database: Database, today: string): Promise<readonly Figure[]> => {
  const [account] = await database.reads.$queryRaw<
    { number: string }[]
  >`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id DESC LIMIT 1`;
  const all: number[] = [];
  const figures: Figure[] = [];
  for (const [id, text] of [...filters, ['transactions', `account=${account?.number}`] as const]) {
    const resource = resourceOf(id);
    const terms = parseFilter(text, resource.page.fields, {
      today,
      currency: 'EUR',
      ...(resource.since === undefined ? {} : { since: resource.since }),
    });
    if (!terms.ok) throw new Error(`${id} ${text}: ${terms.refusal.message}`);
    const request: PageRequest = { terms: terms.value, sort: resource.page.defaultSort, limit: rows };
    await resource.page.page(database.reads, request);
    const samples = await timed(() => resource.page.page(database.reads, request), 60);
    all.push(...samples);
    const what = `filter ${id} ${text.startsWith('account=') ? 'account=NUMBER' : text}`;
    figures.push({ group: 'data', what: `${what}, p50`, value: percentile(samples, 0.5), unit: 'ms' });
    figures.push({
      group: 'data',
      what: `${what}, p95`,
      value: percentile(samples, 0.95),
      unit: 'ms',
      target: { kind: 'at most', value: 20 },
    });
  }
  return [
    ...figures,
    { group: 'data', what: 'all filters, p95', value: percentile(all, 0.95), unit: 'ms', target: { kind: 'at most', value: 20 } },
  ];
};

/** Pages, filters and the overview over whatever bank the database holds. */
export const measurePages = async (url: string, today: string): Promise<readonly Figure[]> => {
  const database = openDatabase({ url, applicationName: 'bursar bench' });
  try {
    const pages: Figure[] = [];
    for (const id of Object.keys(tables)) pages.push(...(await pageFigures(database, resourceOf(id))));
    await readFacts(database.reads);
    const pulses = await timed(() => readFacts(database.reads), 60);
    return [
      ...pages,
      ...(await filterFigures(database, today)),
      { group: 'data', what: 'overview with all pulses, p50', value: percentile(pulses, 0.5), unit: 'ms' },
      {
        group: 'data',
        what: 'overview with all pulses, p95',
        value: percentile(pulses, 0.95),
        unit: 'ms',
        target: { kind: 'at most', value: 150 },
      },
    ];
  } finally {
    await database.close();
  }
};
