import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDemoBank, type TestSession } from '../support/session.ts';
import { openConsole, type TestConsole } from '../support/console.ts';

let bank: TestSession;
beforeAll(async () => {
  bank = await aDemoBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const review = async (operator: string): Promise<TestConsole> => {
  const console = await openConsole({ url: bank.url, operator, size: [80, 24] });
  await console.command('review');
  await console.until(() => console.state.view.resource === 'daily-items' && console.state.view.count?.words !== undefined, 'the review');
  return console;
};
const cursorOf = ({ state }: TestConsole): string => String(state.view.cursor);
const left = async (): Promise<readonly string[]> =>
  (
    await bank.rows(
      'SELECT i.id FROM ops.daily_item i JOIN ops.daily_review r ON r.id = i.review_id WHERE r.closed_at IS NULL AND i.decision IS NULL ORDER BY i.id',
    )
  ).map(({ id }) => String(id));
const decided = async (id: string | undefined) =>
  (
    await bank.rows(
      'SELECT i.decision, i.note, o.name AS by FROM ops.daily_item i LEFT JOIN ops.operator o ON o.id = i.decided_by WHERE i.id = $1',
      [id],
    )
  )[0];
const figures = async (): Promise<{ readonly done: number; readonly items: number }> => {
  const [row] = await bank.rows(
    'SELECT r.items, (SELECT count(*)::int FROM ops.daily_item i WHERE i.review_id = r.id AND i.decision IS NOT NULL) AS done FROM ops.daily_review r WHERE r.closed_at IS NULL',
  );
  return { done: Number(row?.['done']), items: Number(row?.['items']) };
};

test('the review is walked by keys: keep, keep, escalate; the cursor rests on the next; somebody else goes on after the console is gone', async () => {
  const before = await figures();
  const progress = (more: number): string => `${before.done + more} of ${before.items} decided`;
  const items = await left();
  {
    await using console = await review('mona');
    await console.sees('Daily review', progress(0), 'undecided');
    expect(cursorOf(console)).toBe(items[0]);
    for (const step of [1, 2]) {
      await console.press('x', 'k', 'enter');
      await console.sees('it was looked at and stays as it is');
      await console.confirm();
      await console.sees('[ok] kept', progress(step));
      // no key was pressed: the record is gone from the list, and the next one is there
      await console.until(() => cursorOf(console) === items[step], 'the next item');
    }
    await console.press('x', 'e');
    await console.fill({ note: 'who calls the customer about this?' });
    await console.sees('everybody else who decides requests is told');
    await console.confirm();
    await console.sees('[ok] escalated', progress(3));
    expect(await decided(items[0])).toEqual({ decision: 'keep', note: 'seen, nothing to do', by: 'mona' });
    expect(await decided(items[2])).toEqual({ decision: 'escalate', note: 'who calls the customer about this?', by: 'mona' });
    // taken back, and decided otherwise
    await console.press('z');
    await console.sees('is undecided again');
    await console.confirm();
    await console.sees(progress(2));
    await console.until(() => cursorOf(console) === items[2] || cursorOf(console) === items[3], 'the item to be back');
    expect(await decided(items[2])).toMatchObject({ decision: null });
  }

  // the console is closed in the middle; somebody else goes on where it was left
  await using console = await review('omar');
  await console.sees(progress(2));
  await console.until(() => cursorOf(console) === items[2], 'the item that was left');
  await console.press(' ', ' ', ' ');
  await console.press('x', 'k');
  await console.fill({ note: 'seen together with the team' });
  await console.sees('3 records');
  await console.confirm();
  await console.proceed(true);
  await console.sees('kept 3 of 3');
  await console.press('esc');
  await console.sees(progress(5));
  for (const id of items.slice(2, 5)) expect(await decided(id)).toMatchObject({ by: 'omar', note: 'seen together with the team' });
  expect((await figures()).done).toBe(before.done + 5);
});

test('Enter leads to the record, and back to the same item; what was done there begins the note of acting', async () => {
  const item = (await left()).at(-1) ?? '';
  // whether the review of a demo has an account that waits depends on the day: this item becomes one
  await bank.rows(
    `SET session_replication_role = replica;
     UPDATE ops.daily_item i SET category = 'pending accounts', entity = 'account', entity_id = a.id::text, label = a.number, words = 'it waits for approval', pane = 'accounts', filter = 'id=' || a.id
       FROM (SELECT p.id, p.number FROM bank.account p WHERE p.status = 'pending' AND NOT EXISTS (SELECT FROM ops.daily_item o JOIN ops.daily_review r ON r.id = o.review_id WHERE r.closed_at IS NULL AND o.entity = 'account' AND o.entity_id = p.id::text)
              ORDER BY p.opened_at DESC LIMIT 1) a WHERE i.id = ${item}`,
  );
  await using console = await openConsole({ url: bank.url, operator: 'mona', size: [120, 40] });
  await console.command(`daily-items item=${item}`);
  await console.until(() => cursorOf(console) === item, 'the item');
  await console.press('enter');
  await console.until(() => console.state.view.resource === 'accounts' && console.state.view.window.rows.length === 1, 'its account');
  await console.press('x', 'r');
  await console.fill({ ground: 'data not valid', note: 'the papers are of somebody else' });
  await console.confirm();
  await console.sees('[ok] rejected');
  await console.press('[');
  await console.until(() => cursorOf(console) === item, 'the item again');
  await console.sees('changed');
  await console.press('x', 'a');
  await console.sees('mona did accounts.reject, audit #');
  await console.press('enter');
  await console.confirm();
  await console.sees('[ok] acted on');
  expect(await decided(item)).toMatchObject({
    decision: 'act',
    by: 'mona',
    note: expect.stringContaining('mona did accounts.reject') as string,
  });
});

test('where nothing is left the list says so and which keys there are; two close it, and one is told', async () => {
  await bank.rows(
    `SET session_replication_role = replica; UPDATE ops.daily_item SET decision = 'keep', note = 'seen, nothing to do', decided_by = (SELECT id FROM ops.operator WHERE name = 'lena'), decided_at = now() WHERE decision IS NULL`,
  );
  const { items } = await figures();
  await using console = await review('lena');
  await using other = await review('ravi');
  for (const each of [console, other])
    await each.sees(`Nothing is left here: ${items} of ${items} decided.`, 'x n opens the review of today', 'x c');
  for (const each of [console, other]) {
    await each.press('x', 'c');
    await each.fill({ note: 'gone through with everybody' });
    await each.sees(`all ${items} items of`, 'decided by');
  }
  await console.confirm();
  await console.sees('[ok] closed the review of', `${items} of ${items} decided`);
  await other.confirm();
  await other.sees('no daily review is open');
  await console.sees("Nothing is left here: today's review is closed.");
  await console.press('x', 'n', 'enter');
  await console.sees('the next one is opened tomorrow');
  await console.press('esc');
  // an older one is looked at by its number, with its own progress
  await console.command('daily');
  await console.until(() => console.state.view.resource === 'daily' && console.state.view.window.rows.length === 2, 'both reviews');
  await console.press('G', 'enter');
  await console.sees(/Daily review > review=1 +\d{4}-\d\d-\d\d: \d+ of \d+ decided/);
  expect(await bank.value('SELECT count(*)::int FROM ops.daily_review WHERE closed_at IS NULL OR result_hash IS NULL')).toBe(0);
});

test('a handover is written with its digest, announced on the overview, and accepted by somebody else', async () => {
  await using console = await openConsole({ url: bank.url, operator: 'omar', size: [80, 24], pane: 'handovers' });
  await console.press('x', 'n');
  await console.fill({ note: 'three alerts wait for papers of the customers' });
  await console.sees('kept with your words', 'Alerts:');
  await console.confirm();
  await console.sees(/\[ok\] handed over: #\d+ waits/);
  await console.press('x', 'a', 'enter');
  await console.sees('whoever writes a handover does not accept it');
  await using next = await openConsole({ url: bank.url, operator: 'ravi', size: [120, 40] });
  await next.sees('Handover waiting', 'of omar');
  await next.command('handover state=waiting');
  await next.until(() => next.state.view.resource === 'handovers' && next.state.view.window.rows.length > 0, 'the handovers');
  await next.sees('three alerts wait for papers');
  await next.press('x', 'a', 'enter');
  await next.sees('is yours from now on');
  await next.confirm();
  await next.sees('[ok] accepted handover');
  expect(await bank.value(`SELECT o.name FROM ops.handover h JOIN ops.operator o ON o.id = h.accepted_by ORDER BY h.id DESC LIMIT 1`)).toBe(
    'ravi',
  );
});
