import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database, type Db } from '../../../src/database/client.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { parseFilter } from '../../../src/domain/filter.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { resourceNamed } from '../../support/session.ts';

let bank: TestDatabase;
let database: Database;
beforeAll(async () => {
  bank = await aDatabase('demo');
  database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
});
afterAll(async () => {
  await database.close();
  await bank.drop();
});

type PlanLine = { readonly 'QUERY PLAN': string };

/** What is read whole though every index is free to be used; the calendar has one row. */
const readWhole = async (resourceId: string, filter: string, field: string): Promise<readonly string[]> => {
  const { page } = resourceNamed(resourceId);
  const terms = parseFilter(filter, page.fields, { today: '2026-11-21', currency: 'EUR' });
  if (!terms.ok) throw new Error(terms.refusal.message);
  const lines: string[] = [];
  const explaining = Object.create(database.reads, {
    $queryRawUnsafe: {
      value: (sql: string, ...values: string[]) =>
        database.transaction(async db => {
          if (sql.startsWith('EXPLAIN')) return db.$queryRawUnsafe(sql, ...values);
          await db.$executeRawUnsafe('SET LOCAL enable_seqscan = off');
          const plan = await db.$queryRawUnsafe<PlanLine[]>(`EXPLAIN ${sql}`, ...values);
          lines.push(...plan.map(line => line['QUERY PLAN']));
          return [];
        }),
    },
  }) as Db;
  await page.page(explaining, { terms: terms.value, sort: { field, descending: true }, limit: 50 });
  expect(lines.length).toBeGreaterThan(0);
  return lines.filter(line => line.includes('Seq Scan') && !line.includes('calendar'));
};

const filters: Readonly<Record<string, readonly string[]>> = {
  accounts: ['', 'schmidt', 'number=447136545700', 'number:4471', 'owner=harry.walker', 'owner:schmidt', 'status=pending', 'status=active,frozen',
    'type=savings', 'balance:100..200', 'opened=1d', 'changed:2026-01-01..2026-02-01', 'due=yes', 'id=5'],
  users: ['', 'schmidt', 'username=harry.walker', 'username:anna', 'name:anna', 'name="Anna Schmidt"', 'email=a@mail.example', 'email:mail', 'role=admin',
    'status=locked', 'created=1d', 'login=1d', 'account=447136545700', 'id=5'],
  transactions: ['', 'groceries', '447136545700', 'account=447136545700', 'user=harry.walker', 'type=transfer', 'status=reversed', 'status=posted', 'flagged=yes',
    'flagged=no', 'red=yes', 'red=no', 'red=large,party', 'rule=R5', 'amount:100..200', 'amount>1900', 'posted=1d', 'posted:2026-01-01..2026-02-01', 'channel=atm', 'id=77', 'account=447136545700 amount>100'],
  alerts: ['', 'schmidt', 'id=5', 'rule=R5', 'account=447136545700', 'owner=harry.walker', 'owner:schmidt', 'score:40..80', 'status=open', 'open=yes', 'outcome=confirmed',
    'claimed=ravi', 'decided=ravi', 'snoozed=yes', 'case=3', 'opened=1d', 'hit=1d'],
  cases: ['', 'id=5', 'account=447136545700', 'status=investigating', 'open=yes', 'score:40..80', 'assigned=ravi', 'opened=1d'],
  audit: ['', 'accounts.', '7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711', 'operator=aron', 'action=accounts.freeze', 'action:users', 'verb=view', 'entity=account',
    'record=2001', 'entity=user record=1163', 'outcome=refused', 'time=1d', 'time:2026-01-01..2026-01-31', 'operator=aron time=1d'],
  events: ['', 'slow query', '7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711', 'level=error', 'level=error,critical', 'source=mail', 'source:m', 'job:deploy', 'user=harry.walker',
    'correlation=7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711', 'at=1d', 'id=7'],
  trace: ['7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711', 'correlation=7d9b4d4e-0c5b-4b0e-9a55-5a3f0a6d4711 kind=act'],
  notes: ['', 'entity=account record=5', 'by=aron', 'at=1d'],
  security: ['', 'guess', 'kind="failed logins"', 'level=critical', 'status=open', 'status=noted', 'source=203.0.113.7', 'ip=203.0.113.7', 'user=harry.walker', 'operator=aron', 'last=1d', 'id=7'],
  flows: ['', 'ada', 'flow=developer-misuse', 'about=ada', 'status=open', 'begun=1d', 'id=7'],
}; // prettier-ignore

describe.each(Object.entries(filters))('%s', (resourceId, all) => {
  const { fields } = resourceNamed(resourceId).page;
  const sorts = Object.keys(fields).filter(name => fields[name]?.sortable);
  test.each(all)('the filter "%s" is answered from indexes in every order', async filter => {
    for (const sort of sorts) expect([sort, await readWhole(resourceId, filter, sort)]).toEqual([sort, []]);
  });
});
