import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

let database: TestDatabase;
let bursar: (...args: string[]) => Promise<Answer>;
const note = ['--note', 'tried by a test of commands', '--yes'];
const done = async (...args: string[]): Promise<string> => {
  const answer = await bursar(...args);
  expect(answer).toMatchObject({ code: 0 });
  return answer.stdout;
};
const rows = (sql: string, values: unknown[] = []) => query(database.url, sql, values);

beforeAll(async () => {
  database = await aDatabase('demo');
  bursar = aCommand({ url: database.url, home: aCommandHome() });
});
afterAll(() => database.drop());

test('the demo begins with one incident of last month: reviewed, with its report and its evidence as they were', async () => {
  expect(await rows('SELECT status, level, result_hash IS NOT NULL AS sealed FROM ops.incident')).toEqual([
    { status: 'reviewed', level: 2, sealed: true },
  ]);
  expect(await done('incidents', 'show', '1')).toContain('incident-steps.check');
  const report = (await done('incidents', 'report', '1')).trim().split('\n');
  expect(report.map(file => path.basename(file))).toEqual([
    'incident-review-0001.json',
    'incident-review-0001.md',
    'incident-review-0001.sig',
  ]);
  const text = await readFile(report[1] ?? '', 'utf8');
  for (const words of [
    '## Root cause',
    '## Checklist: 6 of 8 steps in time, 1 late, 1 skipped, 0 not done',
    'late by 14 min',
    '## Timeline',
    'accounts.freeze',
    'bundle 1',
  ])
    expect(text).toContain(words);
  expect(await done('incidents', 'verify', report[1] ?? '')).toContain('incident review 1: 2 files as they were');
  const folder = path.dirname((await done('incidents', 'export', '1')).trim().split('\n')[0] ?? '');
  expect(await done('incidents', 'verify', folder)).toMatch(/^incident evidence 1: 2\d files as they were/);
  expect(await rows(`SELECT new ->> 'filter' AS what FROM ops.audit WHERE entity = 'incident' AND verb = 'export' ORDER BY seq`)).toEqual([
    { what: 'id=1 report' },
    { what: 'id=1 evidence=1' },
  ]);
  // what comes after a review changes nothing of it
  await done('incidents', 'preserve', '1', ...note);
  await done('incidents', 'report', '1');
}, 120_000);

test('one flipped byte in any file of the evidence is found, and so is a row that was changed behind it', async () => {
  const [account] = await rows(`SELECT number FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`);
  await done(
    'incidents',
    'declare',
    '--level',
    '3',
    '--title',
    'Tokens of customers were stolen',
    '--records',
    String(account?.['number']),
    ...note,
  );
  await done('incidents', 'preserve', '2', '--hours', '48', ...note);
  const files = (await done('incidents', 'export', '2')).trim().split('\n');
  const folder = path.dirname(files[0] ?? '');
  expect(path.basename(folder)).toMatch(/^incident-0002-evidence-\d{4}$/);
  expect((await readdir(folder)).toSorted()).toEqual(files.map(file => path.basename(file)).toSorted());
  expect(await done('incidents', 'verify', folder)).toMatch(/2\d files as they were/);
  let flipped = 0;
  for (const file of files) {
    const content = await readFile(file);
    const other = Buffer.from(content);
    other.writeUInt8(content.readUInt8(content.length >> 1) ^ 1, content.length >> 1);
    await writeFile(file, other);
    const answer = await bursar('incidents', 'verify', folder, '--offline');
    expect(answer).toMatchObject({ code: 1, stdout: expect.stringContaining('BROKEN') as string });
    await writeFile(file, content);
    flipped += 1;
  }
  console.info(`incident evidence: ${flipped} files, one byte flipped in each, ${flipped} found`);
  expect(await done('incidents', 'verify', folder)).toContain('as they were');
  const stranger = aCommand({ url: database.url });
  expect(await stranger('incidents', 'verify', folder)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('not made with the key of this home') as string,
  });

  await rows(
    `SET session_replication_role = replica; UPDATE ops.incident_evidence_part SET document = replace(document, '"active"', '"closed"') WHERE name = 'accounts' AND evidence_id = (SELECT max(id) FROM ops.incident_evidence)`,
  );
  expect(await bursar('incidents', 'export', '2')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('is not what it was when it was preserved') as string,
  });
  expect(await bursar('incidents', 'report', '2')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('is not reviewed yet') as string,
  });
  expect(await bursar('--as', 'viewer', 'incidents', 'export', '1')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('incident.evidence') as string,
  });
  expect(await bursar('incidents', 'export', '99')).toMatchObject({ code: 3 });
  expect(await bursar('incidents', 'export', 'x')).toMatchObject({ code: 2 });
}, 120_000);
