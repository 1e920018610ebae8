import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkReviewFiles, writeReviewFiles } from '../../../src/commands/review-files.ts';
import { reviewMarkdown, ReviewDocument } from '../../../src/domain/access-report.ts';
import { gradeOf } from '../../../src/domain/health.ts';
import { measureNamed } from '../../../src/domain/health-measures.ts';
import { fingerprintOfKey } from '../../../src/domain/machine.ts';
import { reviewItems } from '../../../src/resources/review-items/index.ts';
import { findItem } from '../../../src/resources/review-items/queries.ts';
import { aCommandHome } from '../../support/command.ts';
import { addMachine, refusalOf, showKeys, type AddedMachine } from '../../support/machines.ts';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

let bank: StaffedBank;
let ada: Member;
let bert: Member;
let backup1: AddedMachine;
let night: AddedMachine;
let review = '';
const note = 'asked the team lead, still needed';

beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'] });
  [ada, bert] = await Promise.all([bank.member('ada'), bank.member('bert')]);
  backup1 = await addMachine(bank, { maker: ada, checker: bert }, 'backup1', { from: '127.0.0.0/8', days: '30' });
  night = await addMachine(bank, { maker: bert, checker: ada }, 'night');
  await backup1.token();
  // one that was revoked before is asked about no more
  const gone = await addMachine(bank, { maker: ada, checker: bert }, 'gone');
  await ada.run('machines.revoke', { id: String(gone.id), note });
  await ada.run('reviews.open', { kind: 'monthly', title: 'Access of this month', note });
  review = String(await bank.value('SELECT max(id) FROM ops.access_review'));
});
afterAll(() => bank[Symbol.asyncDispose]());

const itemOf = async (machine: AddedMachine) => {
  const id = await bank.value(`SELECT id FROM ops.access_review_item WHERE review_id = $1 AND source = 'machine' AND source_id = $2`, [
    review,
    machine.id,
  ]);
  const item = await findItem(bank.database.reads, BigInt(String(id)));
  if (!item) throw new Error(`the review does not ask about ${machine.name}`);
  return item;
};
const decide = (member: Member, id: unknown, decision: 'keep' | 'revoke') =>
  member.run(`review-items.${decision}`, { id: String(id), note });

test('a review asks about each machine that is not revoked: what it may, where, by whom, by which key, until when, when it was used', async () => {
  const asked = await bank.rows(`SELECT subject FROM ops.access_review_item WHERE review_id = $1 AND source = 'machine' ORDER BY subject`, [
    review,
  ]);
  expect(asked).toEqual([{ subject: 'backup1' }, { subject: 'night' }]);
  const item = await itemOf(backup1);
  expect(item).toMatchObject({
    kind: 'machine',
    who: 'backup1',
    role: 'unattended work',
    sensitive: true,
    grantedBy: 'ada',
    inactiveDays: 0,
  });
  expect(item).toMatchObject({ change: 'added since the last review', held: true, decision: null });
  expect(item.lastUsedAt?.getTime()).toBeGreaterThan(Date.now() - 600_000);
  expect((await itemOf(night)).lastUsedAt).toBeNull();
  const detail = reviewItems.detail(item, undefined).flatMap(section => section.lines ?? []).map(line => line.slice(0, 2).join(': ')); // prettier-ignore
  expect(detail).toEqual(
    expect.arrayContaining([
      'Who: machine backup1',
      'Where: a host of a test',
      'Only from: 127.0.0.0/8',
      'Used from: the machine of the database',
      `Key: ${fingerprintOfKey(backup1.key)}, 29 days left, approved by bert`,
      'May: detection.run, host.read, host.use, run.read, schedule.read, schedule.run',
      'Worked on: no host in the last quarter; it may on any',
    ]),
  );
});

test('health tells the key that ends first, from two weeks before, and that one has ended', async () => {
  const measured = async () => {
    const [row] = await bank.rows(`SELECT value::int AS days, words FROM ops.measure_health() WHERE measure = 'machine-key'`);
    const measure = measureNamed('machine-key');
    if (!row || !measure) throw new Error('no key was measured');
    return [gradeOf(measure, { value: Number(row['days']), grade: null }), String(row['words']).replace(/\d{4}-.*/, 'AT')];
  };
  const standsFor = (days: number) =>
    bank.behindItsBack(
      `UPDATE ops.machine_key SET approved_at = now() - interval '60 days', valid_until = now() + make_interval(days => $1) WHERE operator_id = $2 AND ended_at IS NULL`,
      [days, backup1.id],
    );
  expect(await measured()).toEqual(['good', 'the key of the machine backup1 ends at AT']);
  await standsFor(13);
  expect((await measured())[0]).toBe('warn');
  await standsFor(-1);
  expect(await measured()).toEqual(['bad', 'the key of the machine backup1 ended at AT']);
  await standsFor(30);
});

test('kept, it goes on; revoked, its key and its sessions end at once, and unanswered it keeps the review open', async () => {
  const token = await night.token();
  const closing = () => ada.run('reviews.close', { id: review, note });
  expect(await decide(ada, (await itemOf(backup1)).id, 'keep')).toMatchObject({ ok: true });
  for (const row of await bank.rows(`SELECT id, subject FROM ops.access_review_item WHERE review_id = $1 AND source <> 'machine'`, [
    review,
  ]))
    expect(await decide(row['subject'] === 'ada' ? bert : ada, row['id'], 'keep')).toMatchObject({ ok: true });
  expect(await closing()).toMatchObject({ ok: false, refusal: { message: expect.stringContaining('1 of') as string } });

  // the same right of the database changes nothing else of a machine
  const attempt = bank.database.writes.$transaction(async db => {
    await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${ada.token}, 'review-items.revoke', sha256('x'), gen_random_uuid())`;
    await db.$queryRaw`SELECT ops.revoke_machine(${night.id}, 0)`;
  });
  expect(await refusalOf(attempt)).toContain('review-items.revoke does not do this');

  expect(await decide(bert, (await itemOf(night)).id, 'revoke')).toMatchObject({
    ok: true,
    value: { summary: 'revoked unattended work of night' },
  });
  expect(await showKeys(bank, 'night', [night.key], token)).toMatchObject({ ok: false });
  expect(await bank.value('SELECT count(*)::int FROM ops.operator_session WHERE operator_id = $1 AND revoked_at IS NULL', [night.id])).toBe(
    0,
  );
  expect(await showKeys(bank, 'backup1', [backup1.key])).toMatchObject({ ok: true });
  expect((await itemOf(night)).held).toBe(false);
  expect(await closing()).toMatchObject({ ok: true });
});

test('the sealed result and what people read of it have both', async () => {
  const document = String(await bank.value('SELECT ops.review_document($1)', [review]));
  const read = ReviewDocument.parse(JSON.parse(document));
  expect(
    read.items.filter(({ kind }) => kind === 'machine').map(({ who, decision, machine }) => [who, decision, machine?.['approved by']]),
  ).toEqual(
    expect.arrayContaining([
      ['backup1', 'keep', 'bert'],
      ['night', 'revoke', 'ada'],
    ]),
  );
  // what happened to machines since the last review is told as what happened to operators
  expect(read.context.changes.map(({ action }) => action)).toEqual(expect.arrayContaining(['machines.add', 'machines.revoke']));
  const text = reviewMarkdown(read, 'x');
  expect(text).toContain('## Machines');
  expect(text).toContain('| backup1 | a host of a test |');
  expect(text).toContain('host.use');
  const home = aCommandHome();
  const { files } = await writeReviewFiles(home, 'a bank', { kind: 'access review', id: BigInt(review), document });
  expect(await checkReviewFiles(home, files[1] ?? '')).toMatchObject({ problems: [] });
});
