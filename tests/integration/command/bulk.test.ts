import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCommand } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

let database: TestDatabase;
let bursar: ReturnType<typeof aCommand>;
const unused: string[] = [];

beforeAll(async () => {
  database = await aDatabase('demo');
  bursar = aCommand(database);
  const rows = await query(database.url, "SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 60");
  unused.push(...rows.map(row => String(row['number'])));
});
afterAll(() => database.drop());

const some = (count: number): string[] => unused.splice(0, count);
const reason = ['--ground', 'compliance', '--note', 'the same reason for all of them'];
const frozen = async (numbers: readonly string[]) =>
  Number(
    (
      await query(database.url, "SELECT count(*)::int AS count FROM bank.account WHERE number = ANY ($1) AND status = 'frozen'", [numbers])
    )[0]?.['count'],
  );

type Document = {
  ok: boolean;
  request: string;
  summary: string;
  skipped: number;
  results: { name: string; ok: boolean; audit?: number; replayed?: boolean; refusal?: { kind: string; message: string } }[];
};

describe('several records', () => {
  test('one result each, one audit row each and one for the whole', async () => {
    const numbers = some(5);
    const { code, stdout, stderr } = await bursar('accounts', 'freeze', ...numbers, ...reason, '--yes', '--json');
    const document = JSON.parse(stdout) as Document;
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'froze 5 of 5\n' });
    expect(document).toMatchObject({ ok: true, summary: 'froze 5 of 5', skipped: 0 });
    expect(document.results.map(({ name, ok }) => [name, ok])).toEqual(numbers.map(number => [number, true]));
    const rows = await query(database.url, 'SELECT entity_id, outcome FROM ops.audit WHERE correlation_id = $1 ORDER BY seq', [
      document.request,
    ]);
    expect(rows).toHaveLength(6);
    expect(rows.at(-1)).toEqual({ entity_id: `bulk ${document.request}`, outcome: 'success' });
  });

  test('those that cannot have it are left out and told; the others are done', async () => {
    const [first = '', ...others] = some(3);
    await bursar('accounts', 'freeze', first, ...reason, '--yes');
    const { code, stdout, stderr } = await bursar('accounts', 'freeze', first, ...others, ...reason, '--yes');
    expect(code).toBe(3);
    expect(stdout).toContain(`${first}  conflict: ${first} is frozen; only an active account can be frozen\n`);
    for (const other of others) expect(stdout).toMatch(new RegExp(`^${other}  froze ${other} \\(audit \\d+\\)$`, 'm'));
    expect(stderr).toBe('froze 2 of 2, 1 left out\n');
  });

  test('the same --request again answers with the first results', async () => {
    const numbers = some(3);
    const args = ['accounts', 'freeze', ...numbers, ...reason, '--yes', '--json', '--request', randomUUID()];
    const first = JSON.parse((await bursar(...args)).stdout) as Document;
    const again = JSON.parse((await bursar(...args)).stdout) as Document;
    expect(again.results.map(result => ({ ...result, replayed: false }))).toEqual(first.results);
    expect(again.results.every(result => result.replayed)).toBe(true);
  });

  test('--dry-run and a missing --yes change nothing', async () => {
    const numbers = some(2);
    const dry = await bursar('accounts', 'freeze', ...numbers, ...reason, '--dry-run');
    expect(dry.code).toBe(0);
    for (const number of numbers) expect(dry.stdout).toContain(`Freeze account: ${number}`);
    expect(await bursar('accounts', 'freeze', ...numbers, ...reason)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --yes') as string,
    });
    expect(await frozen(numbers)).toBe(0);
  });

  test('one unknown name stops the whole before anything is done', async () => {
    const numbers = some(2);
    const { code, stderr } = await bursar('accounts', 'freeze', ...numbers, '447100000000', ...reason, '--yes');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('there is no account "447100000000"') as string });
    expect(await frozen(numbers)).toBe(0);
  });

  test('more than a bulk may hold is refused whole', async () => {
    const { code, stderr } = await bursar('accounts', 'freeze', '--filter', 'status=active', ...reason, '--yes');
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'bursar: freezing more than 20 accounts at once needs an open incident\n' });
  });

  test('at a terminal the first one is done, and then it asks', async () => {
    const numbers = some(3);
    const { code, stderr } = await aCommand({ ...database, answers: ['y', 'n'] })('accounts', 'freeze', ...numbers, ...reason);
    expect(code).toBe(1);
    expect(stderr).toContain('Freeze account: 3 records? [y/N]');
    expect(stderr).toContain('The first is done. Freeze account: go on with the other 2? [y/N]');
    expect(stderr).toContain('froze 1 of 3, 2 not tried');
    expect(await frozen(numbers)).toBe(1);
  });

  test('an interruption stops after the record under way', async () => {
    const numbers = some(4);
    const end = new AbortController();
    const command = aCommand({ ...database, signal: end.signal, onWrite: () => end.abort() });
    const { code, stderr } = await command('accounts', 'freeze', ...numbers, ...reason, '--yes');
    expect(code).toBe(1);
    expect(stderr).toMatch(/froze [12] of 4, [23] not tried/);
  });
});

describe('a filter', () => {
  test('the forty clear applications are approved with one note; those with a doubt are left for a look of their own', async () => {
    const dry = await bursar(
      'accounts',
      'approve',
      '--filter',
      'status=pending',
      '--note',
      'papers seen, all checks are clear',
      '--dry-run',
      '--json',
    );
    const { previews } = JSON.parse(dry.stdout) as { previews: { target: { label: string }; doubts: string[] }[] };
    const clear = previews.filter(({ doubts }) => doubts.length === 0).map(({ target }) => target.label);
    expect(clear.length).toBeGreaterThan(30);
    expect(clear.length).toBeLessThan(previews.length);

    const { code, stdout } = await bursar(
      'accounts',
      'approve',
      '--filter',
      'status=pending',
      '--note',
      'papers seen, all checks are clear',
      '--yes',
      '--json',
    );
    const { results } = JSON.parse(stdout) as Document;
    expect(code).toBe(3);
    expect(
      results
        .filter(result => result.ok)
        .map(result => result.name)
        .toSorted(),
    ).toEqual(clear.toSorted());
    for (const { refusal } of results.filter(result => !result.ok)) expect(refusal?.message).toMatch(/^not clear: /);
    const left = await query(database.url, "SELECT count(*)::int AS count FROM bank.account WHERE status = 'pending'");
    expect(left[0]?.['count']).toBe(previews.length - clear.length);
  });

  test('that finds nothing is refused; one with --request too', async () => {
    expect(await bursar('accounts', 'freeze', '--filter', 'number=0', ...reason, '--yes')).toMatchObject({
      code: 3,
      stderr: 'bursar: the filter finds no record; nothing was done\n',
    });
    expect((await bursar('accounts', 'freeze', '--filter', 'status=active', ...reason, '--yes', '--request', randomUUID())).code).toBe(2);
    expect((await bursar('accounts', 'freeze', '--filter', 'status=frozn', ...reason, '--yes')).code).toBe(2);
  });
});
