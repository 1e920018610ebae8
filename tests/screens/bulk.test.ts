import { expect, test } from 'vitest';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

const note = 'papers of the branch in Graz were looked at';

/** Nothing speaks against the customer who has these papers. The owner of the tables brings them, so that no action stands in the log. */
const bringPapers = async (console: TestConsole, lastName: 'Byron' | 'Hopper'): Promise<void> => {
  await console.bank.rows(`
    SET session_replication_role = replica;
    UPDATE bank."user" SET birth_date = '1980-08-30', phone = '+44 20 555 0100', email_verified_at = now() WHERE last_name = '${lastName}';
    INSERT INTO bank.document (user_id, kind, reference, status)
      SELECT id, unnest(ARRAY['identity', 'address']), 'P-4711', 'verified' FROM bank."user" WHERE last_name = '${lastName}'`);
};

const countOf = async (console: TestConsole, status: string): Promise<unknown> =>
  (await console.bank.rows('SELECT count(*)::int AS count FROM bank.account WHERE status::text = $1', [status]))[0]?.['count'];

/** Forty applications of people with papers, and others of somebody without. */
const openPending = async (others = 0): Promise<TestConsole> => {
  const of = (owner: string, length: number) => Array.from({ length }, () => anAccount({ owner, status: 'pending' }));
  const console = await openConsole({ accounts: [...of('Ada Byron', 40), ...of('Grace Hopper', others)], size: [100, 60] });
  await bringPapers(console, 'Byron');
  return console;
};

const markAllAndApprove = async (console: TestConsole, count: number): Promise<void> => {
  await console.filter('status=pending');
  await console.sees('/status=pending', `1 of ${count}`);
  await console.press('*');
  await console.sees(`${count} marked, as they are now`);
  await console.press('x');
  await console.sees(`Actions on ${count} marked records`);
  await console.press('a');
  await console.fill({ note });
  await console.sees(`${count} records are meant`);
};

test('forty pending accounts are approved with one mark, one note and one canary', async () => {
  await using console = await openPending();
  await markAllAndApprove(console, 40);
  await console.sees('40 will be done: one first', '[ Approve account: 40 ]');
  await console.confirm();
  await console.sees('One was done first', 'Go on with 39');
  expect(await countOf(console, 'active')).toBe(1);
  await console.proceed(true);
  await console.sees('[ok] approved 40 of 40');
  expect(await countOf(console, 'active')).toBe(40);

  await console.press('g');
  const seen = new Set<string>();
  for (let presses = 0; presses < 40 && seen.size < 40; presses += 1) {
    for (const [, number = ''] of console.frame().matchAll(/^ +done +(\d{12}) +audit #\d+/gm)) seen.add(number);
    await console.press('j');
  }
  expect([...seen].toSorted()).toEqual(console.bank.numbers.toSorted());

  const rows = await console.audit();
  expect(rows).toHaveLength(41);
  expect(rows.slice(0, 40).every(row => row['action'] === 'accounts.approve' && row['outcome'] === 'success' && row['note'] === note)).toBe(
    true,
  );
  expect(rows[40]).toMatchObject({ entity_label: '40 records', outcome: 'success', new: { succeeded: 40, refused: 0, skipped: 0 } });
  await console.press('enter');
  await console.sees('No accounts match /status=pending');
  await console.seesNo(' marked');
});

test('stopping after the first record leaves the others as they are, and marked', async () => {
  await using console = await openPending();
  await markAllAndApprove(console, 40);
  await console.confirm();
  await console.proceed(false);
  await console.sees('[!!] approved 1 of 40, 39 not tried');
  await console.press('enter');
  await console.sees('39 marked', '39 were not done and are still marked');
  expect([await countOf(console, 'active'), await countOf(console, 'pending')]).toEqual([1, 39]);
  const rows = await console.audit();
  expect(rows).toMatchObject([{ outcome: 'success' }, { outcome: 'partial', new: { succeeded: 1, refused: 0, skipped: 39 } }]);
});

test('a record that something speaks against is named and left for a decision of its own', async () => {
  await using console = await openPending(2);
  await markAllAndApprove(console, 42);
  await console.sees('40 will be done', '2 have something against them', 'identity is missing');
  await console.confirm();
  await console.proceed(true);
  await console.sees('[ok] approved 40 of 40');
  await console.press('enter');
  await console.sees('2 marked', '2 were not done and are still marked', 'Grace Hopper');
  expect(await countOf(console, 'pending')).toBe(2);
});

test('Esc before the canary, and Enter on Cancel, do nothing at all', async () => {
  await using console = await openPending();
  await markAllAndApprove(console, 40);
  await console.press('enter');
  await console.sees('[ Preview ]', note);
  await console.press('esc');
  await console.sees('given up, nothing was changed', '40 marked');
  expect(await console.audit()).toEqual([]);
  expect(await countOf(console, 'pending')).toBe(40);
});
