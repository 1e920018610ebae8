import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../../src/demo/random.ts';
import type { Bank } from '../../support/acting.ts';
import { aCommand, aCommandHome, type Answer } from '../../support/command.ts';
import { aDemoLikeBank } from '../../support/demo-like-bank.ts';
import { heldUp, holdUp, runAndKill } from '../../support/kill-command.ts';
import { full, report, seed } from '../../support/reliability.ts';

const kills = full ? 100 : 3;
/** Statements that are held up while one item is kept, from signing in to signing out. */
const statements = 10;

let bank: Bank;
const home = aCommandHome();
let bursar: (...args: string[]) => Promise<Answer>;
const done = async (...args: string[]): Promise<string> => {
  const answer = await bursar(...args);
  expect(answer).toMatchObject({ code: 0 });
  return answer.stdout;
};
beforeAll(async () => {
  bank = await aDemoLikeBank();
  bursar = aCommand({ url: bank.url, home });
  for (let each = 0; each < 6 + kills; each++) await bank.account({ status: 'pending' });
});
afterAll(() => bank[Symbol.asyncDispose]());

const items = () =>
  bank.rows<{ id: string; decision: string | null; by: string | null; note: string | null }>(
    `SELECT i.id, i.decision, o.name AS by, i.note FROM ops.daily_item i LEFT JOIN ops.operator o ON o.id = i.decided_by ORDER BY i.id`,
  );
const json = async (): Promise<Record<string, unknown>> => JSON.parse((await bursar('review', '--json')).stdout) as Record<string, unknown>;

test('without a terminal the review is listed and its progress told; it ends with 1 until all is decided', async () => {
  expect(await bursar('review')).toMatchObject({ code: 1, stderr: expect.stringContaining('not open yet: bursar daily open') as string });
  expect(await json()).toEqual({ ok: false, review: null });
  expect(await done('review', 'open', '--yes')).toContain(`with ${6 + kills} items`);
  expect(await bursar('daily', 'open', '--yes')).toMatchObject({ code: 3, stderr: expect.stringContaining('is open') as string });
  const listed = await bursar('review');
  expect(listed).toMatchObject({ code: 1, stderr: expect.stringContaining(`0 of ${6 + kills} decided`) as string });
  expect(listed.stdout).toContain('pending accounts');
  const [first, second, third] = await items();
  expect(await done('review', 'keep', first?.id ?? '', '--yes')).toContain(`1 of ${6 + kills} decided`);
  await done('daily-items', 'escalate', second?.id ?? '', '--note', 'the papers look odd to me', '--yes');
  await done('daily-items', 'act', third?.id ?? '', '--note', 'called the customer today', '--yes');
  await done('daily-items', 'undo', third?.id ?? '', '--yes');
  expect(await json()).toMatchObject({ ok: false, review: { open: true, items: 6 + kills, decided: 2, escalated: 1, sha256: null } });
  expect((await bank.rows(`SELECT template, about_id FROM ops.notice WHERE template = 'review-escalated'`)).length).toBeGreaterThan(0);
  expect(await bursar('review', 'export', '1')).toMatchObject({ code: 3, stderr: expect.stringContaining('is open') as string });
  const early = await done('review', 'close', '--note', 'the shift ends before all is seen', '--dry-run');
  expect(early).toContain(`${4 + kills} of ${6 + kills} items of`);
  expect(early).toContain('are NOT decided');
});

test('at a terminal it is walked item by item: keep, a wrong key, escalate with a note, skip, leave; and gone on with', async () => {
  const before = await items();
  const open = before.filter(({ decision }) => decision === null).map(({ id }) => id);
  const walk = aCommand({ url: bank.url, home, answers: ['k', 'w', 'e', 'e who knows this customer?', 's', 'q'], columns: 80 });
  const answer = await walk('review');
  expect(answer).toMatchObject({ code: 1 });
  expect(answer.stderr).toContain(`#${open[0]} pending accounts`);
  expect(answer.stderr).toContain('write one of the letters k, a, e, s, q');
  expect(answer.stderr).toContain('is missing');
  const after = await items();
  const decided = (id: string | undefined) => after.find(item => item.id === id);
  expect(decided(open[0])).toMatchObject({ decision: 'keep', by: 'demo', note: 'seen, nothing to do' });
  expect(decided(open[1])).toMatchObject({ decision: 'escalate', note: 'who knows this customer?' });
  expect(decided(open[2])).toMatchObject({ decision: null });
  expect(answer.stderr).toContain(`#${open[2]} pending accounts`);
});

test(`kill -9 in the middle of a decision, ${kills} times: decided with its audit row, or as it was; the review goes on`, async () => {
  await holdUp(bank, ['ops.action_run', 'ops.daily_item', 'ops.audit']);
  const random = randomFrom(seed, 'killed reviews');
  const figures = { decided: 0, 'as it was': 0 };
  let wrong = 0;
  for (let run = 0; run < kills; run++) {
    const [item] = (await items()).filter(({ decision }) => decision === null);
    // from the first statement to the last, however few they are
    const step = 1 + Math.round((run * (statements - 1)) / (kills - 1));
    const point = { step, after: heldUp * random.next() };
    await runAndKill({ bank, home }, ['review', 'keep', item?.id ?? '', '--yes'], point);
    const [left] = (await items()).filter(({ id }) => id === item?.id);
    const told = await bank.rows(
      `SELECT FROM ops.audit WHERE entity = 'daily-item' AND entity_id = $1 AND action = 'daily-items.keep' AND outcome = 'success'`,
      [item?.id],
    );
    figures[left?.decision === 'keep' ? 'decided' : 'as it was'] += 1;
    wrong += Number((left?.decision === 'keep') !== (told.length === 1));
  }
  report(`${kills} decisions of a daily review killed`, { ...figures, wrong });
  expect(wrong).toBe(0);
  await bank.db.query('DROP FUNCTION public.hold_up() CASCADE');
  await done('review', 'keep', '--filter', 'open=yes decision=undecided', '--note', 'seen after the console was gone', '--yes');
  expect(await bursar('review')).toMatchObject({ code: 0 });
});

test('closed, its record leaves signed; a flipped byte, a changed row and another key are found', async () => {
  const terminal = aCommand({ url: bank.url, home, answers: ['all was gone through'], columns: 80 });
  const closing = await terminal('review');
  expect(closing).toMatchObject({ code: 0 });
  expect(closing.stderr).toContain(`closed the review of`);
  expect(closing.stderr).toContain(`${6 + kills} of ${6 + kills} decided`);
  expect(await bursar('review', 'close', '--note', 'all was gone through', '--yes')).toMatchObject({ code: 3 });
  expect(await json()).toMatchObject({ ok: true, review: { open: false, undecided: 0 } });
  const files = (await done('review', 'export', '1')).trim().split('\n');
  expect(files.map(file => path.basename(file))).toEqual(['daily-review-0001.json', 'daily-review-0001.md', 'daily-review-0001.sig']);
  const [document = '', markdown = ''] = files;
  const content = await readFile(document);
  const [row] = await bank.rows<{ hash: string; audited: string }>(
    `SELECT encode(result_hash, 'hex') AS hash, (SELECT a.new ->> 'result' FROM ops.audit a WHERE a.action = 'daily.close' AND a.outcome = 'success') AS audited FROM ops.daily_review`,
  );
  expect(row?.hash).toBe(createHash('sha256').update(content).digest('hex'));
  expect(row?.audited).toBe(row?.hash);
  expect(await readFile(markdown, 'utf8')).toMatch(/^# Daily review of \d{4}-\d\d-\d\d\n[^]*## By whom[^]*## Escalated/);
  for (const file of files) expect(await done('reviews', 'verify', file)).toContain('daily review 1: as it was closed');

  const broken = (words: string) => ({ code: 1, stdout: expect.stringContaining(`BROKEN ${words}`) as string });
  const flipped = Buffer.from(content);
  const at = Math.floor(flipped.length / 2);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  await writeFile(document, flipped);
  expect(await bursar('reviews', 'verify', document)).toMatchObject(broken('daily-review-0001.json is not what was signed'));
  await writeFile(document, content);
  expect(await aCommand({ url: bank.url })('reviews', 'verify', document)).toMatchObject(broken('the seal was not made with the key'));
  await bank.behindItsBack(`UPDATE ops.daily_item SET note = 'a better reason' WHERE decision = 'escalate'`);
  expect(await bursar('reviews', 'verify', document)).toMatchObject(broken('the rows of review 1 are not what they were'));
  expect(await bursar('review', 'export', '1')).toMatchObject({ code: 3 });
});

test('the digest of the shift as Markdown and as data; handovers are written and accepted by command', async () => {
  const digest = await done('digest');
  expect(digest).toMatch(/^# Shift digest of [^]*- Alerts: 0 open[^]*## Last acts of demo/);
  expect(digest).toContain(String.raw`daily\-items.keep`);
  expect(await done('handover')).toContain('# Shift digest of');
  expect(JSON.parse(await done('handover', '--json'))).toMatchObject({ operator: 'demo', review: null });
  expect(await done('handover', 'write', '--note', 'all is quiet, nothing is open', '--yes')).toContain('handed over: #1');
  expect(await bursar('handover', 'accept', '1', '--yes')).toMatchObject({ code: 3 });
  expect(await done('handovers', 'list')).toContain('all is quiet');
  expect(await bursar('help', 'review')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('go through the daily review') as string,
  });
  expect(await bursar('help', 'review', 'keep')).toMatchObject({ code: 0, stdout: expect.stringContaining('Keep as it is') as string });
});
