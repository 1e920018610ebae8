import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

// The first copy builds the template, which a busy machine takes its time for
beforeAll(async () => {
  await (await aDatabase('demo')).drop();
});

/** As whoever owns the database can: triggers off, statements, triggers on again. */
const tamper = (url: string, ...statements: string[]) =>
  query(url, `DO $$ BEGIN SET LOCAL session_replication_role = replica; ${statements.join('; ')}; END $$`);

/** Writes the history from a row on anew, so that it is whole in itself. */
const rewrite = (url: string, from: number, change: string) =>
  tamper(
    url,
    `UPDATE ops.audit SET ${change} WHERE seq = ${from};
     DECLARE r ops.audit; last bytea; BEGIN
       SELECT hash INTO last FROM ops.audit WHERE seq = ${from} - 1;
       FOR r IN SELECT * FROM ops.audit WHERE seq >= ${from} ORDER BY seq LOOP
         r.prev := last; last := ops.audit_hash(last, r);
         UPDATE ops.audit SET prev = r.prev, hash = last WHERE seq = r.seq;
       END LOOP;
       UPDATE ops.audit_head SET hash = last;
     END`,
  );

let home: string;
let bursar: ReturnType<typeof aCommand>;

/** A bank with fifteen rows of audit, and a command with a home of its own. */
const aLog = async (): Promise<{ url: string } & AsyncDisposable> => {
  const bank = await aDatabase('demo');
  home = aCommandHome();
  bursar = aCommand({ ...bank, home });
  for (let count = 0; count < 5; count++) await bursar('accounts', 'list', '--limit', '1');
  return bank;
};

const lines = (): string[] => readFileSync(path.join(home, 'anchors.jsonl'), 'utf8').trimEnd().split('\n');
const lastRow = async (url: string) => Number((await query(url, 'SELECT max(seq)::int AS seq FROM ops.audit'))[0]?.['seq']);

describe('a whole log', () => {
  test('is verified and anchored: signed, private, outside the database', async () => {
    await using bank = await aLog();
    const { code, stdout } = await bursar('audit', 'verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^15 rows, unbroken; head 15 [0-9a-f]{16}; nothing was anchored before\n$/);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      seq: '15',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      signature: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    for (const name of ['anchors.jsonl', 'anchor.key']) expect(statSync(path.join(home, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(home, 'anchor.key'))).toHaveLength(32);
    expect(JSON.parse((await bursar('audit', 'verify', '--json')).stdout)).toMatchObject({
      ok: true,
      checked: 15,
      anchors: 1,
      holds: { seq: '15' },
      problems: [],
      warnings: [],
    });
    expect(await lastRow(bank.url)).toBe(15);
  });

  test('audit anchor writes a head once', async () => {
    await using _ = await aLog();
    const first = await bursar('audit', 'anchor');
    expect(first.stdout).toMatch(/^15 [0-9a-f]{64}\n$/);
    expect(await bursar('audit', 'anchor')).toEqual(first);
    expect(lines()).toHaveLength(1);
  });
});

describe('what was done to a log is found by the first row that is wrong', () => {
  test.each([
    [
      'an edited row',
      'UPDATE ops.audit SET operator = $q$mallory$q$ WHERE seq = 7',
      /^BROKEN row 7 \(.* mallory .*\): its content was changed\n/,
    ],
    ['a deleted row', 'DELETE FROM ops.audit WHERE seq = 7', /^BROKEN row 8 \(.*\): rows 7 to 7 are missing\n/],
    ['a cut tail', 'DELETE FROM ops.audit WHERE seq > 12', /^BROKEN row 13: the chain ends before it, but its head is row 15\n/],
    [
      'swapped rows',
      'UPDATE ops.audit SET seq = 99 WHERE seq = 4; UPDATE ops.audit SET seq = 4 WHERE seq = 5; UPDATE ops.audit SET seq = 5 WHERE seq = 99',
      /^BROKEN row 4 \(/,
    ],
  ])('%s', async (_, statements, message) => {
    await using bank = await aLog();
    expect((await bursar('audit', 'verify')).code).toBe(0);
    await tamper(bank.url, statements);
    const { code, stdout } = await bursar('audit', 'verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(message);
    expect(lines()).toHaveLength(1);
  });

  test('a tail that was cut together with the head: only the anchor knows', async () => {
    await using bank = await aLog();
    await bursar('audit', 'anchor');
    await tamper(
      bank.url,
      'DELETE FROM ops.audit WHERE seq > 9',
      'UPDATE ops.audit_head SET seq = 9, hash = (SELECT hash FROM ops.audit WHERE seq = 9)',
    );
    const { code, stdout } = await bursar('audit', 'verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^BROKEN row 10 is the first that is missing: row 15 was noted at .*, and the log ends at row 9\nno anchor holds/,
    );
    expect(await bursar('audit', 'anchor')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/row 15 of the audit log is not what was noted at .*run "bursar audit verify"/) as string,
    });
    expect((await bursar('doctor')).stdout).toMatch(/^FAIL {2}audit .*but row 15 was noted/m);
  });

  test('a history that was written anew and is whole in itself, though it grew and was anchored again', async () => {
    await using bank = await aLog();
    await bursar('audit', 'anchor');
    const early = lines();
    await rewrite(bank.url, 5, 'operator = $q$mallory$q$');
    expect((await query(bank.url, 'SELECT first_broken FROM ops.verify_audit()'))[0]).toEqual({ first_broken: null });
    // a console that had lost its file notes the forged history; then the file comes back
    writeFileSync(path.join(home, 'anchors.jsonl'), '');
    await bursar('accounts', 'list');
    await bursar('audit', 'anchor');
    writeFileSync(path.join(home, 'anchors.jsonl'), `${[...early, ...lines()].join('\n')}\n`);
    const { code, stdout } = await bursar('audit', 'verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^BROKEN row 15 is not the one noted at .*: the history up to it was written anew\n/);
  });

  test('a check that was made to say yes, and guards that were switched off', async () => {
    await using bank = await aLog();
    await query(
      bank.url,
      `CREATE OR REPLACE FUNCTION ops.verify_audit(anchor_seq bigint DEFAULT NULL, anchor_hash bytea DEFAULT NULL)
       RETURNS TABLE (checked bigint, first_broken bigint, problem text) LANGUAGE sql STABLE AS 'SELECT count(*), NULL::bigint, NULL::text FROM ops.audit'`,
    );
    await query(bank.url, 'ALTER TABLE ops.audit DISABLE TRIGGER append_only');
    const { code, stdout } = await bursar('audit', 'verify');
    expect(code).toBe(1);
    expect(stdout).toContain('BROKEN function ops.verify_audit is not the one that the migrations made\n');
    expect(stdout).toContain('BROKEN trigger ops.audit.append_only is switched off\n');
  });

  test('lines that another key signed count for nothing and are told', async () => {
    await using bank = await aLog();
    await bursar('audit', 'anchor');
    const [line = ''] = lines();
    appendFileSync(path.join(home, 'anchors.jsonl'), `${line.replace('"seq":"15"', '"seq":"3"')}\nhalf a li`);
    expect(await bursar('audit', 'verify')).toMatchObject({
      code: 0,
      stderr: 'anchors.jsonl: not signed with the key of this home: line 2, 3\n',
    });
    expect(await lastRow(bank.url)).toBe(15);
  });
});
