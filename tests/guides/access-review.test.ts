import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aCommand, aCommandHome, type Answer } from '../support/command.ts';
import { aGuideBank, arrive, goTo, type GuideBank } from '../support/guide-bank.ts';
import { decideTheRest } from '../support/reviews.ts';

let bank: GuideBank;
const home = aCommandHome();
let bursar: (...args: string[]) => Promise<Answer>;
beforeAll(async () => {
  bank = await aGuideBank();
  bursar = aCommand({ url: bank.url, home, environment: { BURSAR_REASON: 'the monthly review' } });
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'asked the team lead, still needed';
const gone = 'left the university, nobody told us';

const counts = async (review: string) =>
  (await bank.rows(
    `SELECT count(*)::int AS items, count(*) FILTER (WHERE decision IS NULL)::int AS undecided, count(*) FILTER (WHERE conflicts <> '{}')::int AS conflicts,
            count(*) FILTER (WHERE inactive_days >= 90)::int AS inactive, count(*) FILTER (WHERE sensitive)::int AS sensitive
       FROM ops.access_review_item WHERE review_id = $1`,
    [review],
  ))[0]; // prettier-ignore
const revoked = (review: string) =>
  bank.value(`SELECT count(*) FROM ops.access_review_item WHERE review_id = $1 AND decision = 'revoke'`, [review]);
const newest = () => bank.value('SELECT max(id) FROM ops.access_review');
const done = async (...args: string[]): Promise<string> => {
  const answer = await bursar(...args);
  expect(answer).toMatchObject({ code: 0, stderr: expect.any(String) as string });
  return answer.stdout;
};
test('D25 the monthly review: who has what, since when, last used, what is inactive or at odds; kept or revoked with a note, closed and signed', async () => {
  await using console = await bank.screen('reviews', [140, 50]);
  await console.sees('Access of', 'sha256');
  await console.press('x', 'n');
  await console.fill({ title: 'Access of this month', note: 'the first day of the month' });
  await console.sees('asks about', 'are sensitive', 'break a separation of duties');
  await console.confirm();
  await console.sees('[ok] opened the monthly review 2');
  const before = await counts('2');
  expect(before).toMatchObject({ undecided: before?.['items'] });
  expect(Number(before?.['conflicts'])).toBeGreaterThanOrEqual(10);
  expect(Number(before?.['inactive'])).toBeGreaterThan(0);

  // Enter leads to what is to be decided; the riskiest come first
  await goTo(console, 'reviews open=yes');
  await console.press('enter');
  await arrive(console, 'review-items');
  await console.sees('undecided', 'AGAINST IT', 'audits and may write');
  await goTo(console, 'review-items review=2 conflict=yes role=banking-admins');
  await console.sees('1 of 1', 'creates users and changes accounts', 'granted since the last review', 'Last used');
  const [item] = await bank.rows(
    `SELECT subject, subject_id, source_id FROM ops.access_review_item WHERE review_id = 2 AND role = 'banking-admins' AND conflicts <> '{}'`,
  );
  expect(await bank.value(`SELECT platform.has_permission($1, 'banking.account.edit')`, [item?.['subject_id']])).toBe('true');
  await console.press('x', 'r');
  await console.fill({ note: 'two roles that nobody should hold together' });
  await console.sees('loses banking-admins at once', 'breaks the separation of duties');
  await console.confirm();
  await console.sees('[ok] revoked banking-admins of');
  expect(await bank.value(`SELECT platform.has_permission($1, 'banking.account.edit')`, [item?.['subject_id']])).toBe('false');
  expect(await bank.value('SELECT revoked_by IS NOT NULL FROM platform.role_grant WHERE id = $1', [item?.['source_id']])).toBe('true');

  // nobody decides about their own, on screen or by command
  await goTo(console, 'review-items review=2 who=demo role=viewer');
  await console.press('x', 'k');
  await console.fill({ note });
  await console.sees('nobody reviews their own access');
  await console.press('esc');
  const own = await bank.value(`SELECT id FROM ops.access_review_item WHERE review_id = 2 AND subject = 'demo' AND role = 'viewer'`);
  expect(await bursar('review-items', 'keep', own, '--note', note, '--yes')).toMatchObject({ code: 3 });

  // one that takes two people stays as open work
  const analyst = await bank.value(`SELECT id FROM ops.access_review_item WHERE review_id = 2 AND subject = 'ravi' AND role = 'analyst'`);
  expect(await done('review-items', 'revoke', analyst, '--note', 'changes to another team in June', '--yes')).toContain('open work');

  const early = await bursar('reviews', 'close', '2', '--note', note, '--yes');
  expect(early).toMatchObject({ code: 3, stderr: expect.stringContaining('not decided yet') as string });
  await decideTheRest(bursar, '2');
  await goTo(console, 'reviews open=yes');
  await console.press('d');
  await console.sees('Revoked, and still held', 'ravi', 'operators revoke-role');
  await console.press('esc', 'x', 'c');
  await console.fill({ note: 'everything was decided with the team leads' });
  await console.sees(`${await revoked('2')} revoked`, 'roles were revoked and are still held');
  await console.confirm();
  await console.sees('[ok] closed the monthly review 2');

  const [closed] = await bank.rows(`SELECT encode(result_hash, 'hex') AS hash, kept, revoked FROM ops.access_review WHERE id = 2`);
  expect(closed).toMatchObject({ revoked: Number(await revoked('2')) });
  expect(Number(closed?.['revoked'])).toBeGreaterThan(2);
  expect((await bank.trail('review', '2')).at(-1)).toMatchObject({
    action: 'reviews.close',
    new: { result: closed?.['hash'], revoked: closed?.['revoked'] },
  });

  const files = (await done('reviews', 'export', '2')).trim().split('\n');
  expect(files.map(file => path.basename(file))).toEqual(['review-0002.json', 'review-0002.md', 'review-0002.sig']);
  expect(await done('reviews', 'verify', files[1] ?? '')).toContain(`sha256 ${String(closed?.['hash'])}`);
}, 90_000);

test('D26 the quarterly review asks about every permission, who was raised, the separation of duties and the rules in force', async () => {
  const raised = await bank.value(`SELECT username FROM bank."user" WHERE role = 'viewer' AND status = 'active' ORDER BY id LIMIT 1`);
  const asked = await bursar(
    'users',
    'change-role',
    raised,
    '--role',
    'executor',
    '--note',
    'runs pipelines',
    '--yes',
    '--confirm',
    raised,
  );
  expect(asked.code).toBe(4);
  await done(
    '--as',
    'manager',
    'inbox',
    'approve',
    /request (\d+)/.exec(asked.stderr)?.[1] ?? '',
    '--note',
    'agreed with the team lead',
    '--yes',
  );

  await done('reviews', 'open', '--kind', 'quarterly', '--title', 'Access of the quarter', '--note', 'the end of the quarter', '--yes');
  const review = await newest();
  const everybody = await bank.value(
    `SELECT (SELECT count(*) FROM ops.operator_role r JOIN ops.operator o ON o.id = r.operator_id WHERE o.is_active)
          + (SELECT count(*) FROM platform.role_grant WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
          + (SELECT count(*) FROM bank."user" WHERE role <> 'customer' AND status <> 'deactivated')`,
  );
  expect(String((await counts(review))?.['items'])).toBe(everybody);
  await using console = await bank.screen('review-items', [200, 50]);
  await goTo(console, `review-items review=${review} changed=yes who=${raised}`);
  await console.sees('1 of 1', 'raised from viewer');
  await goTo(console, 'reviews open=yes kind=quarterly');
  await console.press('d');
  await console.sees('What changed since the last one', 'users.change-role', 'runs pipelines');
  const [context] = await bank.rows(`SELECT context FROM ops.access_review WHERE id = $1`, [review]);
  expect(context?.['context']).toMatchObject({
    permissions: {
      'operator viewer': expect.arrayContaining(['user.read']) as string[],
      'banking-staff': expect.arrayContaining(['banking.user.view']) as string[],
    },
    'two people': expect.arrayContaining(['accounts.close']) as string[],
    separation: expect.arrayContaining(['creates users and approves their accounts']) as string[],
  });

  await decideTheRest(bursar, review);
  await done('--as', 'manager', 'reviews', 'close', review, '--note', 'decided with all team leads', '--yes');
  expect(
    await bank.rows('SELECT items = kept + revoked AS whole, closed_at IS NOT NULL AS closed FROM ops.access_review WHERE id = $1', [
      review,
    ]),
  ).toEqual([{ whole: true, closed: true }]);
  expect(await done('reviews', 'show', review)).toContain('audits and may write');
}, 90_000);

test('P18 on the first of the month: roles, inactive users and sensitive roles, by filter on screen and as data', async () => {
  await done('reviews', 'open', '--title', 'Roles on the first of the month', '--note', 'the first of the month', '--yes');
  const review = await newest();
  const expected = await counts(review);
  await using console = await bank.screen('review-items', [140, 50]);
  await goTo(console, `review-items review=${review} sensitive=yes`);
  await console.sees(`1 of ${String(expected?.['sensitive'])}`);
  await goTo(console, `review-items review=${review} inactive>=90`);
  await console.sees(`1 of ${String(expected?.['inactive'])}`, ' d');
  const idle = JSON.parse(await done('review-items', 'list', `review=${review}`, 'inactive>=90', '--limit', 'all', '--json')) as unknown;
  expect(JSON.stringify(idle)).toContain('inactiveDays');
  const admins = await done('review-items', 'list', `review=${review}`, 'role=admin');
  for (const { username } of await bank.rows(`SELECT username FROM bank."user" WHERE role = 'admin' AND status <> 'deactivated'`))
    expect(admins).toContain(username);
  const lecturer = await bank.rows(
    `SELECT id, subject FROM ops.access_review_item WHERE review_id = $1 AND role LIKE 'fastresult-lecturer%' AND inactive_days >= 90`,
    [review],
  );
  expect(lecturer).toHaveLength(1);
  await done('review-items', 'revoke', String(lecturer[0]?.['id']), '--note', gone, '--yes');
  const grants = await done('grants', 'list', `who=${String(lecturer[0]?.['subject'])}`);
  expect(grants).toContain('revoked');
});
