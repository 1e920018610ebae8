import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';
import { decideTheRest } from '../../support/reviews.ts';

let database: TestDatabase;
let bursar: (...args: string[]) => Promise<Answer>;
const done = async (...args: string[]): Promise<string> => {
  const answer = await bursar(...args);
  expect(answer).toMatchObject({ code: 0 });
  return answer.stdout;
};
beforeAll(async () => {
  database = await aDatabase('demo');
  bursar = aCommand({ url: database.url, home: aCommandHome() });
  await done('reviews', 'open', '--title', 'Access of this month', '--note', 'the first day of the month', '--yes');
  await decideTheRest(bursar, '2');
  await done('reviews', 'close', '2', '--note', 'everything was decided', '--yes');
});
afterAll(() => database.drop());

test('a closed review leaves as signed files; one changed letter, another key or a changed row is found', async () => {
  const written = await done('reviews', 'export', '2');
  const files = written.trim().split('\n');
  expect(files.map(file => path.basename(file))).toEqual(['review-0002.json', 'review-0002.md', 'review-0002.sig']);
  const [json = '', markdown = '', seal = ''] = files;
  const text = await readFile(markdown, 'utf8');
  expect(text).toContain('# Access of this month');
  expect(text).toContain('decided with the team leads');
  const items = (await query(database.url, 'SELECT count(*)::int AS items FROM ops.access_review_item WHERE review_id = 2'))[0]?.['items'];
  expect((JSON.parse(await readFile(json, 'utf8')) as { items: unknown[] }).items).toHaveLength(Number(items));
  for (const file of files) expect(await done('reviews', 'verify', file)).toContain('review 2: as it was closed');
  expect(await query(database.url, `SELECT verb FROM ops.audit WHERE entity = 'review' AND verb = 'export'`)).toMatchObject([
    { verb: 'export' },
  ]);

  const changed = async (file: string, change: (content: string) => string): Promise<Answer> => {
    const content = await readFile(file, 'utf8');
    await writeFile(file, change(content));
    const answer = await bursar('reviews', 'verify', json);
    await writeFile(file, content);
    return answer;
  };
  const broken = (words: string) => ({ code: 1, stdout: expect.stringContaining(`BROKEN ${words}`) as string });
  expect(await changed(json, content => content.replace('"revoke"', '"keep"'))).toMatchObject(
    broken('review-0002.json is not what was signed'),
  );
  expect(await changed(markdown, content => content.replace('revoke by', 'keep by'))).toMatchObject(
    broken('review-0002.md is not what was signed'),
  );
  expect(await changed(seal, content => content.replace(/"at": "\d{4}/, '"at": "1999'))).toMatchObject(
    broken('the seal was not made with the key'),
  );
  expect(await changed(seal, () => '{}')).toMatchObject(broken('review-0002.sig is missing or is no seal'));
  const stranger = aCommand({ url: database.url });
  expect(await stranger('reviews', 'verify', json)).toMatchObject(broken('the seal was not made with the key of this home'));

  // a database owner who changes what was decided
  await query(
    database.url,
    `SET session_replication_role = replica; UPDATE ops.access_review_item SET note = 'a better reason' WHERE review_id = 2 AND decision = 'revoke'`,
  );
  expect(await bursar('reviews', 'verify', json)).toMatchObject(broken('the rows of review 2 are not what they were'));
  expect(await bursar('reviews', 'verify', json, '--offline')).toMatchObject({ code: 0 });
  expect(await bursar('reviews', 'export', '2')).toMatchObject({ code: 3 });
  await query(
    database.url,
    `SET session_replication_role = replica; UPDATE ops.access_review SET result_hash = sha256(convert_to(ops.review_document(id), 'UTF8')) WHERE id = 2`,
  );
  expect(await bursar('reviews', 'verify', json)).toMatchObject(broken('review 2 was closed with another result'));
});

test('an open review, one that does not exist and somebody without the permission get no files', async () => {
  await done('reviews', 'open', '--kind', 'quarterly', '--title', 'Access of the quarter', '--note', 'the end of the quarter', '--yes');
  expect(await bursar('reviews', 'export', '3')).toMatchObject({ code: 3, stderr: expect.stringContaining('is open') as string });
  expect(await bursar('reviews', 'export', '99')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('there is no review 99') as string,
  });
  expect(await bursar('reviews', 'export', 'x')).toMatchObject({ code: 2 });
  expect(await bursar('--as', 'support', 'reviews', 'export', '1')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('review.read') as string,
  });
  expect(await bursar('reviews', 'verify', 'nowhere.json')).toMatchObject({ code: 1 });
  expect(await bursar('reviews', 'verify', 'nowhere.txt')).toMatchObject({ code: 2 });
});
