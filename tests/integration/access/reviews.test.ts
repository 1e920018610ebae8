import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank, type TestOperator } from '../../support/acting.ts';
import { report } from '../../support/reliability.ts';

let bank: Bank;
let user = '';
beforeAll(async () => {
  bank = await aBank({ others: { vera: ['viewer'] } });
  await bank.behindItsBack(`UPDATE ops.operator SET email = name || '@bank.example'`);
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ('mary', 'mary@bank.example', 'Mary', 'S', 'executive', 'active'),
       ('one.too', 'ONE@bank.example', 'One', 'Too', 'viewer', 'active'), ('idle', 'idle@bank.example', 'Ida', 'Le', 'viewer', 'active')`,
  );
  user = (await bank.rows<{ id: string }>(`SELECT id FROM bank."user" WHERE username = 'mary'`))[0]?.id ?? '';
  await bank.behindItsBack(`UPDATE bank."user" SET created_at = now() - interval '200 days'`);
});
afterAll(() => bank[Symbol.asyncDispose]());
beforeEach(async () => {
  // a review that a test before left open
  await bank.behindItsBack(
    'DELETE FROM ops.access_review_item WHERE review_id IN (SELECT id FROM ops.access_review WHERE closed_at IS NULL)',
  );
  await bank.behindItsBack('DELETE FROM ops.access_review WHERE closed_at IS NULL');
});

const grant = (slug: string, db = bank.db) =>
  act(db, bank.two, 'grants.grant', () =>
    db.query<{ id: string }>(`SELECT (platform.grant_role($1, (SELECT id FROM platform.role WHERE slug = $2), '', NULL)).id`, [user, slug]),
  );
const open = async (kind = 'monthly'): Promise<string> => {
  const { rows } = await act(bank.db, bank.one, 'reviews.open', db =>
    db.query<{ id: string }>('SELECT id FROM ops.open_review($1, $2)', [kind, 'a review of the test']),
  );
  return rows[0]?.id ?? '';
};
type Item = { readonly id: string; readonly version: number; readonly subject: string; readonly role: string; readonly source: string };
const itemsOf = (review: string) =>
  bank.rows<Item>(
    'SELECT id, version, subject, role, source FROM ops.access_review_item WHERE review_id = $1 AND decision IS NULL ORDER BY id',
    [review],
  );
const decide = (
  { id, version }: Pick<Item, 'id' | 'version'>,
  decision: 'keep' | 'revoke',
  operator: TestOperator = bank.one,
  db = bank.db,
) =>
  act(db, operator, `review-items.${decision}`, () =>
    db.query('SELECT id FROM ops.decide_review_item($1, $2, $3, $4)', [id, decision, 'asked the team lead', version]),
  );
const isOwn = (item: Item, operator: TestOperator) => item.subject.startsWith(operator.name);
const decideAll = async (review: string, decision: 'keep' | 'revoke' = 'keep'): Promise<void> => {
  for (const item of await itemsOf(review)) await decide(item, decision, isOwn(item, bank.one) ? bank.two : bank.one);
};
const versionOf = async (review: string) =>
  (await bank.rows<{ version: number }>('SELECT version FROM ops.access_review WHERE id = $1', [review]))[0]?.version;
const close = async (review: string, operator = bank.one, db = bank.db) => {
  const version = await versionOf(review);
  return act(db, operator, 'reviews.close', () => db.query('SELECT id FROM ops.close_review($1, $2)', [review, version]));
};
const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(bank.db, attempt)).code;

test('a review asks about everybody’s roles as they were when it was opened; one of a kind is open at a time', async () => {
  await grant('fastresult-lecturer');
  const before = await bank.rows('SELECT * FROM ops.access_now($1, now())', ['quarterly']);
  const review = await open('quarterly');
  const found = await itemsOf(review);
  expect(found.map(({ subject, role }) => `${subject} ${role}`).toSorted()).toEqual(
    before.map(row => `${String(row['subject'])} ${String(row['role'])}`).toSorted(),
  );
  expect(found.map(({ subject, role }) => `${subject} ${role}`)).toEqual(
    expect.arrayContaining(['vera viewer', 'one manager', 'mary executive', 'mary fastresult-lecturer', 'idle viewer']),
  );
  await grant('fastresult-student');
  expect(await itemsOf(review)).toHaveLength(found.length);
  expect(await codeOf(() => open('quarterly'))).toBe('BU007');
  await open('monthly');
  expect(await codeOf(() => open('monthly'))).toBe('BU007');
});

test('a monthly review leaves out lower roles that are in use and did not change', async () => {
  await bank.behindItsBack(`UPDATE bank."user" SET last_login_at = now() WHERE username = 'one.too'`);
  const asked = (await itemsOf(await open('monthly'))).map(({ subject }) => subject);
  expect(asked).toContain('idle');
  expect(asked).not.toContain('one.too');
});

describe('nobody reviews their own access', () => {
  test('not as an operator, nor as a user with the same address, by no decision', async () => {
    const review = await open('quarterly');
    const items = await itemsOf(review);
    const own = items.filter(item => isOwn(item, bank.one));
    expect(own.map(({ source }) => source)).toEqual(expect.arrayContaining(['operator', 'user']));
    for (const item of own) {
      expect(await codeOf(() => decide(item, 'keep'))).toBe('BU009');
      expect(await codeOf(() => decide(item, 'revoke'))).toBe('BU009');
      await decide(item, 'keep', bank.two);
    }
  });
});

describe('a decision', () => {
  test('to revoke ends a grant at once; an operator’s role and a user’s own stay as open work until they are taken', async () => {
    const { rows } = await grant('handyconnect-support-agent');
    const review = await open('quarterly');
    const items = await itemsOf(review);
    const itemOf = (subject: string, role: string) =>
      items.find(item => item.subject === subject && item.role === role) ?? { id: '', version: 0 };
    await decide(itemOf('mary', 'handyconnect-support-agent'), 'revoke');
    const [ended] = await bank.rows('SELECT revoked_by::text AS by FROM platform.role_grant WHERE id = $1 AND revoked_at IS NOT NULL', [
      rows[0]?.id,
    ]);
    expect(ended).toEqual({ by: bank.one.id });
    await decide(itemOf('vera', 'viewer'), 'revoke');
    await decide(itemOf('mary', 'executive'), 'revoke');
    const still = () =>
      bank.rows<{ subject: string }>(
        `SELECT subject FROM ops.access_review_item i WHERE review_id = $1 AND decision = 'revoke' AND ops.still_held(i) ORDER BY subject`,
        [review],
      );
    expect((await still()).map(({ subject }) => subject)).toEqual(['mary', 'vera']);
    const [mary] = await bank.rows<{ version: number }>('SELECT version FROM bank."user" WHERE id = $1', [user]);
    await act(bank.db, bank.one, 'users.change-role', db => db.query(`SELECT bank.set_user_role($1, 'viewer', $2)`, [user, mary?.version]));
    expect((await still()).map(({ subject }) => subject)).toEqual(['vera']);
    await bank.behindItsBack(`UPDATE bank."user" SET role = 'executive' WHERE id = $1`, [user]);
  });

  test('stays: revoked is not kept again, what was found never changes, nothing is decided twice', async () => {
    const review = await open('quarterly');
    const item = (await itemsOf(review)).find(({ subject }) => subject === 'idle') ?? { id: '', version: 0 };
    await decide(item, 'keep');
    expect(await codeOf(() => decide(item, 'keep'))).toBe('BU005');
    expect(await codeOf(() => decide({ ...item, version: 1 }, 'keep'))).toBe('BU007');
    await decide({ ...item, version: 1 }, 'revoke');
    expect(await codeOf(() => decide({ ...item, version: 2 }, 'keep'))).toBe('BU007');
    for (const change of [
      `inactive_days = 0`,
      `conflicts = '{}'`,
      `subject = 'somebody'`,
      `decision = NULL, note = NULL, decided_by = NULL, decided_at = NULL`,
    ])
      expect(await codeOf(() => bank.rows(`UPDATE ops.access_review_item SET ${change} WHERE id = $1`, [item.id]))).toBe('BU010');
    expect(await codeOf(() => bank.rows('DELETE FROM ops.access_review_item'))).toBe('BU010');
    expect(await codeOf(() => bank.rows(`UPDATE ops.access_review SET closed_at = now(), closed_by = 1 WHERE id = $1`, [review]))).toBe(
      'BU004',
    );
    expect(await codeOf(() => bank.rows('TRUNCATE ops.access_review, ops.access_review_item'))).toBe('BU010');
  });
});

describe('closing', () => {
  test('needs every item decided, seals the result, and nothing changes afterwards', async () => {
    const review = await open('quarterly');
    expect(await codeOf(() => close(review))).toBe('BU007');
    await decideAll(review);
    await close(review);
    const [closed] = await bank.rows<{ hash: string; document: string; items: number; kept: number; revoked: number }>(
      `SELECT encode(result_hash, 'hex') AS hash, ops.review_document(id) AS document, items, kept, revoked FROM ops.access_review WHERE id = $1`,
      [review],
    );
    expect(closed?.hash).toBe(
      createHash('sha256')
        .update(closed?.document ?? '')
        .digest('hex'),
    );
    expect(closed?.kept).toBe(closed?.items);
    expect(JSON.parse(closed?.document ?? '')).toMatchObject({
      review: { kind: 'quarterly', revoked: 0 },
      context: { separation: expect.any(Array) as string[] },
    });
    expect(await codeOf(() => close(review))).toBe('BU007');
    const [item] = await bank.rows<Item>('SELECT id, version FROM ops.access_review_item WHERE review_id = $1 LIMIT 1', [review]);
    expect(await codeOf(() => decide(item ?? { id: '', version: 0 }, 'revoke', bank.two))).toMatch(/BU00[79]/);
    expect(await codeOf(() => bank.rows(`UPDATE ops.access_review SET title = 'another one' WHERE id = $1`, [review]))).toBe('BU010');
    expect(await codeOf(() => bank.rows(`UPDATE ops.access_review SET result_hash = sha256('x') WHERE id = $1`, [review]))).toBe('BU010');
  });

  test('by two at once happens once, and never between two decisions', async () => {
    const rounds = 15;
    const [left, right] = [await bank.connect(), await bank.connect()];
    const figures = { closed: 0, 'second close refused': 0, 'closed with an item undecided': 0, 'decided after closing': 0 };
    for (let round = 0; round < rounds; round++) {
      const review = await open('monthly');
      const items = await itemsOf(review);
      const last = items.find(({ subject }) => subject === 'vera') ?? items[0];
      for (const item of items.filter(({ id }) => id !== last?.id)) await decide(item, 'keep', isOwn(item, bank.one) ? bank.two : bank.one);
      if (!last) throw new Error('the review is empty');
      // one decides the last item while the other closes
      const [, early] = await Promise.all([
        refusal(left, () => decide(last, 'keep', bank.one, left)),
        refusal(right, () => close(review, bank.two, right)),
      ]);
      const codes = await Promise.all([
        refusal(left, () => close(review, bank.one, left)),
        refusal(right, () => close(review, bank.two, right)),
      ]);
      const closes = [early, ...codes].filter(({ code }) => code === 'done').length;
      figures.closed += closes;
      figures['second close refused'] += [...codes].filter(({ code }) => code === 'BU007' || code === 'BU005').length;
      const [wrong] = await bank.rows<{ open: number; late: number }>(
        `SELECT count(*) FILTER (WHERE i.decision IS NULL)::int AS open, count(*) FILTER (WHERE i.decided_at > r.closed_at)::int AS late
           FROM ops.access_review_item i JOIN ops.access_review r ON r.id = i.review_id WHERE r.id = $1 AND r.closed_at IS NOT NULL`,
        [review],
      );
      figures['closed with an item undecided'] += wrong?.open ?? 0;
      figures['decided after closing'] += wrong?.late ?? 0;
    }
    await Promise.all([left.end(), right.end()]);
    report('closing a review', figures);
    expect(figures).toMatchObject({ closed: rounds, 'closed with an item undecided': 0, 'decided after closing': 0 });
  });
});

test('what changed since the last review is told: grants, and who was raised from what', async () => {
  await act(
    bank.db,
    bank.one,
    'grants.grant',
    async db => {
      await db.query(`SELECT platform.grant_role($1, (SELECT id FROM platform.role WHERE slug = 'banking-staff'), '', NULL)`, [user]);
      await db.query(
        `SELECT ops.write_audit('create', 'user', $1, 'mary', NULL, '{"role": "banking-staff"}', 'success', NULL, 'helps out in June', NULL, '{"summary": "granted"}')`,
        [user],
      );
    },
    { audit: false },
  );
  const review = await open('monthly');
  const [row] = await bank.rows<{ changes: { record: string; why: string }[] }>(
    `SELECT context -> 'changes' AS changes FROM ops.access_review WHERE id = $1`,
    [review],
  );
  expect(row?.changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'grants.grant', record: 'mary', why: 'helps out in June', operator: 'one' }),
    ]),
  );
  const [item] = await bank.rows(
    `SELECT change FROM ops.access_review_item WHERE review_id = $1 AND subject = 'mary' AND role = 'banking-staff'`,
    [review],
  );
  expect(item).toEqual({ change: 'granted since the last review' });
});
