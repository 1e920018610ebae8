import { expect, test } from 'vitest';
import { anActingBank, ask } from '../../support/acting-session.ts';
import { post } from '../../support/posting.ts';
import { full, inParallel, report } from '../../support/reliability.ts';
import { approve } from '../../support/two-people.ts';

const workers = 20;

/** As screen and command do it: requests that two managers approve side by side, twice each. TARGETS 3. */
test('reversals that were asked for are approved twice by 20 workers: each happens once, and no money comes or goes', { timeout: 1_200_000 }, async () => {
  await using world = await anActingBank();
  const { bank } = world;
  const count = full ? 500 : 60;
  const accounts: string[] = [];
    while (accounts.length < 6) accounts.push((await bank.account({ balance: 150_000 })).id);
    const before = await bank.rows<{ id: string; balance: string }>('SELECT id, balance FROM bank.account ORDER BY id');
  const maker = await world.as(bank.maker);
  const requests: string[] = [];
  const originals: string[] = [];
  for (let index = 0; index < count; index++) {
    const [from, to] = [accounts[index % 6], accounts[(index * 5 + 1) % 6]];
    const { transaction_id: id } = await post(bank.db, { type: 'transfer', from: from ?? null, to: to ?? null, amount: 1 + (index % 90) });
    originals.push(id ?? '');
    requests.push(await ask(world, maker, 'transactions.reverse', { id: id ?? '', ground: 'entered twice', note: 'posted twice by a test' }));
  }
  const checkers = await Promise.all([bank.one, bank.two].map(world.as));
  const outcomes: Record<string, number> = {};
  const began = performance.now();
  await inParallel(
    Array.from({ length: workers }, (_, index) => checkers[index % 2] ?? world.acting),
    requests.flatMap(request => [request, request]),
    async (acting, request) => {
      const outcome = await approve(acting, request);
      const told = outcome.ok ? 'reversed' : outcome.refusal.kind;
      outcomes[told] = (outcomes[told] ?? 0) + 1;
    },
  );
  const seconds = (performance.now() - began) / 1_000;
  const [row] = await bank.rows<{ reversals: string; originals: string; executed: string; audited: string }>(
    `SELECT count(*) AS reversals, count(DISTINCT reverses) AS originals, (SELECT count(*) FROM ops.approval WHERE status = 'executed') AS executed,
            (SELECT count(*) FROM ops.audit a JOIN bank.transaction r ON r.id = (a.new ->> 'reversal')::bigint AND r.reverses = a.entity_id::bigint
              WHERE a.action = 'transactions.reverse' AND a.outcome = 'success') AS audited
       FROM bank.transaction WHERE reverses = ANY ($1)`,
    [originals],
  );
  report('reversals approved twice', { requests: count, workers, ...outcomes, reversals: row?.reversals ?? '', seconds: seconds.toFixed(1) });
  expect(row).toEqual({ reversals: String(count), originals: String(count), executed: String(count), audited: String(count) });
  expect(outcomes).toMatchObject({ reversed: count });
  expect(Object.values(outcomes).reduce((sum, tally) => sum + tally, 0)).toBe(2 * count);
  expect(await bank.rows('SELECT id, balance FROM bank.account ORDER BY id')).toEqual(before);
  expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
  expect(await bank.rows('SELECT first_broken FROM ops.verify_audit()')).toEqual([{ first_broken: null }]);
}); // prettier-ignore
