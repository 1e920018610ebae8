import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { aBank, refusal, toStatus, type Bank } from '../support/acting.ts';
import { post, type Wish } from '../support/posting.ts';
import { full, report, seed } from '../support/reliability.ts';

const posters = 64;
const readers = 4;
const postings = full ? 10_000 : 3_000;
const fewestReads = full ? 1_000 : 100;
const accounts = 100;
const freezes = 60;

let bank: Bank;
beforeAll(async () => {
  bank = await aBank({ limits: 1_000_000_000 });
});
afterAll(() => bank[Symbol.asyncDispose]());

const openFunded = async (): Promise<string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < accounts; index++) ids.push((await bank.account({ balance: 100_000 })).id);
  return ids;
};

/** The same wishes under the same seed, whoever gets round to them. */
const wishesFor = (ids: readonly string[]): Wish[] => {
  const random = randomFrom(seed, 'posters');
  return Array.from({ length: postings }, () => {
    const [from, to, amount] = [random.pick(ids), random.pick(ids), random.between(1, 30_000)];
    if (from === to || random.chance(0.1)) return { type: 'deposit', to, amount };
    return random.chance(0.1) ? { type: 'withdrawal', from, amount } : { type: 'transfer', from, to, amount };
  });
};

type Frozen = { readonly id: string; readonly balance: string; readonly acknowledged: number };

/** Freezes one account after another, spread over the run, and looks at its balance as soon as the freeze has committed. */
const freezeAlong = async (ids: readonly string[], done: () => number): Promise<Frozen[]> => {
  const db = await bank.connect();
  const frozen: Frozen[] = [];
  for (const [index, id] of ids.slice(0, freezes).entries()) {
    await expect.poll(done, { interval: 1, timeout: 120_000 }).toBeGreaterThanOrEqual((postings * index) / (freezes + 1));
    await toStatus(db, bank.one, id, 'frozen');
    const acknowledged = performance.now();
    const { rows } = await db.query<{ balance: string }>('SELECT balance FROM bank.account WHERE id = $1', [id]);
    frozen.push({ id, balance: rows[0]?.balance ?? '', acknowledged });
  }
  await db.end();
  return frozen;
};

/** Looks at all the money again and again, each time as one moment shows it; gives how often, and how often it was not conserved. */
const readAlong = async (isOver: () => boolean): Promise<{ reads: number; violations: number }> => {
  const db = await bank.connect();
  let [reads, violations] = [0, 0];
  while (!isOver() || reads * readers < fewestReads) {
    await db.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const held = await db.query<{ sum: string }>('SELECT sum(balance) FROM bank.account');
    const posted = await db.query<{ sum: string }>(
      `SELECT sum(CASE type WHEN 'deposit' THEN amount WHEN 'withdrawal' THEN -amount ELSE 0 END) FROM bank.transaction`,
    );
    await db.query('COMMIT');
    reads++;
    if (held.rows[0]?.sum !== posted.rows[0]?.sum) violations++;
  }
  await db.end();
  return { reads, violations };
};

type Acknowledged = { readonly wish: Wish; readonly begun: number; readonly isPosted: boolean; readonly code: string | null };

const postAll = async (wishes: readonly Wish[], onDone: () => void): Promise<Acknowledged[]> => {
  const clients = await Promise.all(Array.from({ length: posters }, () => bank.connect()));
  const answers: Acknowledged[] = [];
  let next = 0;
  await Promise.all(
    clients.map(async db => {
      for (let wish = wishes[next++]; wish; wish = wishes[next++]) {
        const begun = performance.now();
        const answer = await post(db, wish);
        answers.push({ wish, begun, isPosted: answer.transaction_id !== null, code: answer.code });
        onDone();
      }
      await db.end();
    }),
  );
  return answers;
};

test(
  `${posters} posters and ${freezes} freezes in between: nothing moves after a freeze, no money comes or goes`,
  { timeout: 600_000 },
  async () => {
    const ids = await openFunded();
    let done = 0;
    let isOver = false;
    const began = performance.now();
    const reading = Promise.all(Array.from({ length: readers }, () => readAlong(() => isOver)));
    const freezing = freezeAlong(ids, () => done);
    const answers = await postAll(wishesFor(ids), () => done++);
    const seconds = (performance.now() - began) / 1_000;
    isOver = true;
    const [frozen, reads] = [await freezing, await reading];

    const final = new Map(
      (await bank.rows<{ id: string; balance: string }>('SELECT id, balance FROM bank.account')).map(row => [row.id, row.balance]),
    );
    const changed = frozen.filter(({ id, balance }) => final.get(id) !== balance);
    const since = new Map(frozen.map(({ id, acknowledged }) => [id, acknowledged]));
    const touches = ({ wish, begun, isPosted }: Acknowledged) =>
      isPosted && [wish.from, wish.to].some(id => begun > (since.get(id ?? '') ?? Infinity));
    const late = answers.filter(touches);
    const afterHold = await bank.rows(
      'SELECT t.id FROM ops.hold h JOIN bank.transaction t ON h.account_id IN (t.from_account_id, t.to_account_id) AND t.posted_at > h.placed_at',
    );
    const count = (code: string | null) => answers.filter(answer => answer.code === code).length;
    const looked = {
      reads: reads.reduce((sum, { reads: some }) => sum + some, 0),
      violations: reads.reduce((sum, { violations }) => sum + violations, 0),
    };
    report('freezes against postings', {
    seed, posters, postings: answers.length, posted: count(null), 'refused as frozen': count('account-frozen'), 'refused for funds': count('insufficient-funds'),
    freezes: frozen.length, 'balances changed after': changed.length, 'posted after': late.length + afterHold.length, ...looked, 'postings/s': Math.round(answers.length / seconds),
  }); // prettier-ignore

    expect(answers).toHaveLength(postings);
    expect(frozen).toHaveLength(freezes);
    expect({ changed, late, afterHold }).toEqual({ changed: [], late: [], afterHold: [] });
    expect(looked.violations).toBe(0);
    expect(looked.reads).toBeGreaterThanOrEqual(fewestReads);
    expect(count('account-frozen')).toBeGreaterThan(0);
    expect(count(null) + count('account-frozen') + count('insufficient-funds')).toBe(postings);
    expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
    expect(await bank.rows('SELECT first_broken FROM ops.verify_audit()')).toEqual([{ first_broken: null }]);
  },
);

test('transfers to and fro between the same accounts never wait for each other in a circle', async () => {
  const ids = [
    (await bank.account({ balance: 100_000 })).id,
    (await bank.account({ balance: 100_000 })).id,
    (await bank.account({ balance: 100_000 })).id,
  ];
  const clients = await Promise.all(Array.from({ length: 16 }, () => bank.connect()));
  const codes: string[] = [];
  await Promise.all(
    clients.map(async (db, index) => {
      for (let round = 0; round < 25; round++) {
        const [from, to] = [ids[(index + round) % 3] ?? '', ids[(index * 2 + round + 1) % 3] ?? ''];
        codes.push((await refusal(db, () => post(db, { type: 'transfer', from, to, amount: 1 }))).code);
      }
    }),
  );
  expect(new Set(codes)).toEqual(new Set(['done']));
  await Promise.all(clients.map(db => db.end()));
});

test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'a posting that still sees the account before its freeze does not touch it: %s',
  async level => {
    const { id } = await bank.account({ balance: 1_000 });
    const other = await bank.connect();
    await other.query(`BEGIN ISOLATION LEVEL ${level}`);
    expect((await other.query('SELECT status FROM bank.account WHERE id = $1', [id])).rows).toEqual([{ status: 'active' }]);
    await toStatus(bank.db, bank.one, id, 'frozen');
    expect((await refusal(other, () => post(other, { type: 'withdrawal', from: id, amount: 1 }))).code).toBe('40001');
    await other.end();
  },
);
