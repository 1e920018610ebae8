import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, writeAudit, type Bank } from '../../support/acting.ts';
import { full, report } from '../../support/reliability.ts';

/** Rows of the chain that is attacked, and attacks of each kind. */
const rows = 200;
const attacks = full ? 100 : 20;
const writers = 16;
const rowsEach = full ? 500 : 100;

let bank: Bank;
let anchor: { seq: string; hash: Buffer };
beforeAll(async () => {
  bank = await aBank();
  // every column filled, so that every column can be attacked
  for (let row = 0; row < rows; row++) {
    await act(
      bank.db,
      bank.one,
      'accounts.freeze',
      () =>
        bank.db.query(`SELECT ops.write_audit('update', 'account', $1, $2, $3, $4, 'success', 'compliance', $5, gen_random_uuid(), NULL)`, [
          String(row),
          `account ${row}`,
          { row },
          { row: row + 1 },
          `row ${row} of a test`,
        ]),
      { audit: false },
    );
  }
  const [last] = await bank.rows<{ seq: string; hash: Buffer }>('SELECT seq, hash FROM ops.audit ORDER BY seq DESC LIMIT 1');
  if (!last) throw new Error('there is no chain to attack');
  anchor = last;
});
afterAll(() => bank[Symbol.asyncDispose]());

type Verdict = { checked: string; first_broken: string | null; problem: string | null };
const verify = async (withAnchor = false): Promise<Verdict> => {
  const [verdict] = await bank.rows<Verdict>(
    'SELECT * FROM ops.verify_audit($1, $2)',
    withAnchor ? [anchor.seq, anchor.hash] : [null, null],
  );
  if (!verdict) throw new Error('no verdict');
  return verdict;
};

/** What the verifier says after an attack by a superuser with triggers off; everything is taken back. */
const after = async (attack: string, values: unknown[] = [], withAnchor = false): Promise<Verdict> => {
  await bank.db.query('BEGIN; SET LOCAL session_replication_role = replica');
  try {
    await bank.db.query(attack, values);
    return await verify(withAnchor);
  } finally {
    await bank.db.query('ROLLBACK');
  }
};

/** Rows picked by a seed; the same on every run. */
const places = (seed: number, from = 1, to = rows): readonly number[] =>
  fc.sample(fc.integer({ min: from, max: to }), { seed, numRuns: attacks });

test('an untouched chain is whole, with and without the anchor', async () => {
  expect(await verify()).toEqual({ checked: String(rows), first_broken: null, problem: null });
  expect(await verify(true)).toMatchObject({ first_broken: null });
});

describe('every column is hashed', () => {
  const edits: Readonly<Record<string, string>> = {
    seq: 'seq + 1000000', at: `at + interval '1 millisecond'`, db_role: `'x'`, operator_id: 'operator_id + 1', operator: `'x'`, ip: `'10.0.0.2'`, client: `'x'`, session_id: 'gen_random_uuid()',
    action: `'x'`, verb: `'delete'`, entity: `'x'`, entity_id: `'x'`, entity_label: `'x'`, old: `'{}'`, new: `'{}'`, outcome: `'failure'`, reason: `'x'`, note: `'x'`, error: `'x'`,
    request_id: 'gen_random_uuid()', approval_id: 'gen_random_uuid()', correlation_id: 'gen_random_uuid()', transaction_number: 'transaction_number + 1', prev: `'\\x00'`, hash: `'\\x00'`,
  }; // prettier-ignore
  const nullable = [
    'operator_id',
    'operator',
    'ip',
    'client',
    'session_id',
    'entity_label',
    'old',
    'new',
    'reason',
    'note',
    'request_id',
    'correlation_id',
  ];

  test('there is none that nobody attacks', async () => {
    const columns = await bank.rows<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'ops.audit'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    expect(columns.map(({ name }) => name).toSorted()).toEqual(Object.keys(edits).toSorted());
  });

  test.each(Object.entries(edits))('%s edited', async (column, value) => {
    expect(Number((await after(`UPDATE ops.audit SET ${column} = ${value} WHERE seq = 100`)).first_broken)).toBeGreaterThanOrEqual(100);
  });

  test.each(nullable)('%s emptied', async column => {
    expect(await after(`UPDATE ops.audit SET ${column} = NULL WHERE seq = 100`)).toMatchObject({
      first_broken: '100',
      problem: 'its content was changed',
    });
  });

  test('what reads alike is told apart', async () => {
    const alike: readonly [from: string, to: string][] = [[`ip = '10.0.0.1'`, `ip = '10.0.0.1/24'`], [`old = 'null'`, 'old = NULL'], [`note = 'null'`, 'note = NULL'], [`note = 'a', error = ''`, `note = '', error = 'a'`]]; // prettier-ignore
    for (const [from, to] of alike) {
      const hash = async (assignment: string) => {
        await bank.db.query('BEGIN; SET LOCAL session_replication_role = replica');
        await bank.db.query(`UPDATE ops.audit SET ${assignment} WHERE seq = 100`);
        const [row] = await bank.rows<{ hash: string }>(
          `SELECT encode(ops.audit_hash(a.prev, a), 'hex') AS hash FROM ops.audit a WHERE seq = 100`,
        );
        await bank.db.query('ROLLBACK');
        return row?.hash;
      };
      expect(await hash(from)).not.toBe(await hash(to));
    }
  });
});

describe(`found at ${attacks} places each`, () => {
  test('a row edited', async () => {
    for (const place of places(1)) {
      expect(await after(`UPDATE ops.audit SET note = note || '.' WHERE seq = $1`, [place])).toMatchObject({
        first_broken: String(place),
        problem: 'its content was changed',
      });
    }
  });

  test('a row edited and hashed anew', async () => {
    for (const place of places(2)) {
      const verdict = await after(`DO $$ BEGIN UPDATE ops.audit SET note = 'another note' WHERE seq = ${place};
        UPDATE ops.audit a SET hash = ops.audit_hash(a.prev, a) WHERE seq = ${place}; END $$`); // prettier-ignore
      expect(Number(verdict.first_broken)).toBe(place + 1);
    }
  });

  test('rows deleted', async () => {
    for (const place of places(3, 1, rows - 3)) {
      const verdict = await after('DELETE FROM ops.audit WHERE seq BETWEEN $1 AND $1 + 2', [place]);
      expect(verdict).toMatchObject({ first_broken: String(place + 3), problem: `rows ${place} to ${place + 2} are missing` });
    }
  });

  test('two rows in each other’s place', async () => {
    for (const place of places(4, 1, rows - 10)) {
      const swap = `UPDATE ops.audit SET seq = CASE seq WHEN $1 THEN -1 WHEN $1 + 7 THEN $1 ELSE $1 + 7 END WHERE seq IN ($1, $1 + 7)`;
      const verdict = await after(
        `DO $$ BEGIN ${swap.replaceAll('$1', String(place))}; UPDATE ops.audit SET seq = ${place + 7} WHERE seq = -1; END $$`,
      );
      expect(verdict.first_broken).toBe(String(place));
    }
  });

  test('the end cut off', async () => {
    for (const place of places(5)) {
      expect(await after('DELETE FROM ops.audit WHERE seq >= $1', [place])).toMatchObject({
        first_broken: String(place),
        problem: `the chain ends before it, but its head is row ${rows}`,
      });
    }
  });

  test('the end cut off and the head moved: by the anchor', async () => {
    for (const place of places(6)) {
      const cut = `DO $$ BEGIN DELETE FROM ops.audit WHERE seq >= ${place};
        UPDATE ops.audit_head SET seq = ${place - 1}, hash = coalesce((SELECT hash FROM ops.audit ORDER BY seq DESC LIMIT 1), '\\x00'); END $$`;
      expect((await after(cut)).first_broken).toBeNull();
      expect((await after(cut, [], true)).first_broken).toBe(anchor.seq);
    }
  });

  test('the whole history written anew: by the anchor', async () => {
    for (const place of places(7).slice(0, attacks / 4)) {
      const rewrite = `DO $$ DECLARE a ops.audit; h bytea := (SELECT prev FROM ops.audit WHERE seq = ${place}); BEGIN
        UPDATE ops.audit SET note = 'nothing happened' WHERE seq = ${place};
        FOR a IN SELECT * FROM ops.audit WHERE seq >= ${place} ORDER BY seq LOOP
          a.prev := h; h := ops.audit_hash(h, a);
          UPDATE ops.audit SET prev = a.prev, hash = h WHERE seq = a.seq;
        END LOOP;
        UPDATE ops.audit_head SET hash = h; END $$`;
      expect((await after(rewrite)).first_broken).toBeNull();
      expect((await after(rewrite, [], true)).first_broken).toBe(anchor.seq);
    }
  });

  test('the head gone, or everything', async () => {
    expect(await after('DELETE FROM ops.audit_head')).toMatchObject({ problem: 'the chain ends before it, but its head is gone' });
    expect(await after('DELETE FROM ops.audit')).toMatchObject({ checked: '0', first_broken: '1' });
  });
});

test(`${writers} writers of ${rowsEach} rows each leave no gap and no break`, async () => {
  const clients = await Promise.all(Array.from({ length: writers }, () => bank.connect()));
  const began = performance.now();
  const write = (db: Bank['db'], row: number) =>
    row % 4 === 0 ? act(db, bank.two, 'accounts.freeze', () => writeAudit(db), { audit: false }) : attempt(db, row);
  const attempt = (db: Bank['db'], row: number) =>
    db.query(
      `SELECT ops.audit_attempt($1, 'accounts.freeze', 'update', 'account', $2, 'refused', 'no', NULL, NULL, gen_random_uuid(), NULL)`,
      [bank.one.token, String(row)],
    );
  await Promise.all(
    clients.map(async db => {
      for (let row = 0; row < rowsEach; row++) await write(db, row);
      await db.end();
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const verdict = await verify();
  const [{ gaps } = { gaps: '' }] = await bank.rows<{ gaps: string }>('SELECT max(seq) - count(*) AS gaps FROM ops.audit');
  report('audit, rows', {
    writers,
    rows: writers * rowsEach,
    gaps,
    breaks: verdict.first_broken ?? 0,
    'rows/s': Math.round((writers * rowsEach) / seconds),
  });
  expect(verdict).toEqual({ checked: String(rows + writers * rowsEach), first_broken: null, problem: null });
  expect(gaps).toBe('0');
});
