import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'reported a stolen telephone';

type Signed = { readonly id: string; readonly username: string };
/** Active customers, each signed in `sessions` times. */
const signedIn = async (count: number, sessions = 1): Promise<readonly Signed[]> => {
  const rows = await bank.rows(
    `SELECT id, username FROM bank."user" u WHERE status = 'active' AND role = 'customer'
        AND NOT EXISTS (SELECT FROM bank.auth_session s WHERE s.user_id = u.id) ORDER BY id LIMIT $1`,
    [count],
  );
  await bank.rows(
    `SELECT bank.record_sign_in(username, '198.18.7.7', 'a browser', 'Firefox on Linux', true) FROM bank."user", generate_series(1, $2) WHERE id = ANY ($1)`,
    [rows.map(row => row['id']), sessions],
  );
  return rows.map(row => ({ id: String(row['id']), username: String(row['username']) }));
};
const open = (user: Signed) => bank.value('SELECT count(*) FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [user.id]);
const sessionOf = ({ id }: Signed) => bank.value('SELECT 2 * max(number) FROM bank.auth_session WHERE user_id = $1', [id]);

test('H10 sessions are listed with device, address, start and last sight, and those of one user are ended together', async () => {
  const [one, other, third] = await signedIn(3, 3);
  if (!one || !other || !third) throw new Error('too few customers');
  await using console = await bank.screen('sessions');
  await goTo(console, `sessions user=${one.username} state=open`);
  await console.sees('of 3', one.username, 'Firefox on Linux', '198.18.7.7', 'Started', 'Last seen', 'open');
  const listed = await bank.bursar('sessions', 'list', `user=${one.username}`, 'state=open', '--json');
  expect(listed.match(/"kind":"?.*user/g)?.length ?? 0).toBeGreaterThan(0);

  await goTo(console, `users username=${one.username}`);
  await console.sees('Open sessions');
  await console.press('x', 'o');
  await console.fill({ note });
  await console.sees('is signed out everywhere: 3 sessions end at once', 'Sessions that end');
  await console.confirm();
  await console.sees('[ok] ended 3 sessions');
  await bank.bursar('users', 'end-sessions', other.username, '--note', note, '--yes');
  for (const user of [one, other]) {
    expect(await open(user)).toBe('0');
    expect((await bank.trail('user', user.id)).at(-1)).toMatchObject({
      action: 'users.end-sessions',
      outcome: 'success',
      new: { sessionsEnded: 3 },
    });
  }
  expect(await open(third)).toBe('3');
});

test('A32 the sessions of a user are cleared, and somebody with none is told so', async () => {
  const [one] = await signedIn(1, 2);
  if (!one) throw new Error('no customer');
  await bank.bursar('users', 'end-sessions', one.username, '--note', note, '--yes');
  expect(await open(one)).toBe('0');
  const again = await bank.tries('users', 'end-sessions', one.username, '--note', note, '--yes');
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('has no open session') as string });
});

test('D21 a single session is ended: force logout, and the others stay', async () => {
  const [one, other] = await signedIn(2, 2);
  if (!one || !other) throw new Error('too few customers');
  await using console = await bank.screen('sessions');
  await goTo(console, `sessions user=${one.username} state=open`);
  await console.sees('of 2', 'Other open sessions');
  await console.press('x', 'e');
  await console.fill({ note });
  await console.sees('is signed out of Firefox on Linux', 'lock the user to prevent that');
  await console.confirm();
  await console.sees('[ok] signed');
  expect(await open(one)).toBe('1');

  const id = await sessionOf(other);
  await bank.bursar('sessions', 'end', id, '--note', note, '--yes');
  expect(await open(other)).toBe('1');
  expect((await bank.trail('session', id)).at(-1)).toMatchObject({ action: 'sessions.end', outcome: 'success', new: { state: 'ended' } });
  const twice = await bank.tries('sessions', 'end', id, '--note', note, '--yes');
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('ended already') as string });
});

test('an operator whose session is ended writes nothing more', async () => {
  await using lena = await bank.screen('users');
  await using console = await bank.screen('sessions');
  const numbers = await bank.rows(
    `SELECT 2 * s.number + 1 AS id FROM ops.operator_session s WHERE s.revoked_at IS NULL AND s.client = 'test' ORDER BY s.number DESC OFFSET 1 LIMIT 1`,
  );
  const id = String(numbers[0]?.['id']);
  await goTo(console, `sessions id=${id}`);
  await console.sees('operator', 'demo');
  await console.press('x', 'o');
  await console.fill({ note: 'left the desk unlocked' });
  await console.sees('whatever that session writes next is refused');
  await console.confirm();
  await console.sees('[ok] ended a session of operator demo');

  const [user] = await signedIn(1);
  const refused = await lena.bank.session.run(
    lena.state.registry.actions.find(action => action.id === 'users.lock') ?? (() => { throw new Error('no action'); })(),
    { id: user?.id ?? '', note },
    { request: crypto.randomUUID() },
  ); // prettier-ignore
  expect(refused).toMatchObject({ ok: false, refusal: { kind: 'forbidden', message: expect.stringContaining('ended') as string } });
  expect(await bank.value('SELECT status FROM bank."user" WHERE id = $1', [user?.id])).toBe('active');
});
