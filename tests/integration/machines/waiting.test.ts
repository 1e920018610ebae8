import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { prospectOf } from '../../../src/database/machine-sign-in.ts';
import { fingerprintOfKey } from '../../../src/domain/machine.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDaemon, type DaemonProcess } from '../../support/daemon-process.ts';
import { aKey } from '../../support/machines.ts';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

vi.setConfig({ testTimeout: 120_000 });
const note = 'done by a test of machines';

/** A daemon in a home of its own, with a key that nobody approved. */
type Waiting = DaemonProcess & { readonly name: string; readonly fingerprint: string; readonly home: string };

let bank: StaffedBank;
let [ada, bert] = [] as unknown as [Member, Member];
const daemons: Waiting[] = [];

const aWaitingDaemon = async (name: string): Promise<Waiting> => {
  const home = aCommandHome();
  const { stdout } = await aCommand({ url: bank.url, home })('machines', 'enrol', name);
  const daemon = { ...aDaemon({ url: bank.url, home }), name, home, fingerprint: stdout.trim() };
  daemons.push(daemon);
  return daemon;
};
const waits = ({ said, fingerprint }: Waiting) =>
  vi.waitUntil(() => said().includes(`waits until its key ${fingerprint} is approved`), { timeout: 150_000 });
const asked = async ({ name, fingerprint }: Pick<Waiting, 'name' | 'fingerprint'>): Promise<string> => {
  const outcome = await ada.run('machines.add', { name, place: 'a host of a test', fingerprint, note });
  expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'waiting-for-approval' } });
  return String(await bank.value('SELECT max(number) FROM ops.approval'));
};

beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'] });
  [ada, bert] = await Promise.all([bank.member('ada'), bank.member('bert')]);
  await Promise.all(['approved', 'rejected', 'ended'].map(aWaitingDaemon));
  await Promise.all(daemons.map(waits));
}, 200_000);
afterAll(async () => {
  for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
  await bank[Symbol.asyncDispose]();
});

const daemonOf = (name: string): Waiting => {
  const daemon = daemons.find(each => each.name === name);
  if (!daemon) throw new Error(`there is no daemon ${name}`);
  return daemon;
};

test('a daemon whose key nobody approved yet waits, asks nobody and is counted as nobody who tries to break in; approved, it begins', async () => {
  const daemon = daemonOf('approved');
  const number = await asked(daemon);
  expect(await bert.run('approvals.approve', { id: number, note })).toMatchObject({ ok: true });
  await vi.waitUntil(() => daemon.said().includes('the daemon works for machine.approved'), { timeout: 30_000 });
  expect(daemon.said().split('waits until its key')).toHaveLength(2);
  expect(await bank.value('SELECT count(*)::int FROM ops.sign_in_attempt WHERE NOT succeeded')).toBe(0);
});

/** Makes the key after the one that it works with, and lets that one run out, with the session that it opened. */
const succeeded = async ({ name, home }: Waiting): Promise<string> => {
  const { stdout } = await aCommand({ url: bank.url, home })('machines', 'enrol', name);
  await bank.behindItsBack(
    `WITH key AS (UPDATE ops.machine_key k SET approved_at = clock_timestamp() - interval '2 days', valid_until = clock_timestamp() - interval '1 second'
                    FROM ops.machine m WHERE m.operator_id = k.operator_id AND m.name = $1 AND k.ended_at IS NULL RETURNING k.operator_id)
     UPDATE ops.operator_session s SET expires_at = clock_timestamp() - interval '1 second' FROM key WHERE s.operator_id = key.operator_id AND s.revoked_at IS NULL`,
    [name],
  );
  return stdout.trim();
};

test('one whose key runs out while the next one waits to be approved waits too, and goes on with it; asked to end meanwhile it ends with 0', async () => {
  const daemon = daemonOf('approved');
  const next = await succeeded(daemon);
  const line = `waits until its key ${next} is approved: ask for it with "bursar machines rotate approved"`;
  await vi.waitUntil(() => daemon.said().includes(line) || daemon.child.exitCode !== null, { timeout: 60_000 });
  expect(daemon.said()).toContain(line);
  const id = String(await bank.idOf('machine.approved'));
  expect(await bank.both(ada, bert, 'machines.rotate', { id, fingerprint: next, note })).toMatchObject({ ok: true });
  await vi.waitUntil(() => daemon.said().includes('its key is approved: the daemon goes on'), { timeout: 60_000 });
  const live = `SELECT count(*)::int FROM ops.operator_session WHERE operator_id = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()`;
  await vi.waitUntil(async () => (await bank.value(live, [id])) === 1, { timeout: 60_000 });
  expect(daemon.said().split(line)).toHaveLength(2);
  expect(await bank.value(`SELECT count(*)::int FROM ops.audit WHERE action = 'sessions.open' AND outcome = 'refused'`)).toBe(0);

  const last = await succeeded(daemon);
  await vi.waitUntil(() => daemon.said().includes(`waits until its key ${last} is approved`), { timeout: 60_000 });
  expect(await daemon.end('SIGTERM')).toBe(0);
});

test('one whose key was rejected ends with code 3 and says so; a request that nobody decided in time is no yes either', async () => {
  const rejected = daemonOf('rejected');
  const number = await asked(rejected);
  expect(await bert.run('approvals.reject', { id: number, note })).toMatchObject({ ok: true });
  expect(await rejected.ended).toBe(3);
  expect(rejected.said()).toContain(`the key of the machine rejected was not approved: request ${number} was rejected`);

  const late = { name: 'late', fingerprint: fingerprintOfKey(aKey()) };
  const prospect = () => prospectOf(bank.database.reads, late.name, [late.fingerprint]);
  expect(await prospect()).toEqual({ is: 'waiting', ask: 'machines add' });
  const undecided = await asked(late);
  expect(await prospect()).toEqual({ is: 'waiting', ask: 'machines add' });
  await bank.behindItsBack(
    `UPDATE ops.approval SET made_at = clock_timestamp() - interval '2 days', expires_at = clock_timestamp() - interval '1 minute' WHERE number = $1`,
    [undecided],
  );
  expect(await prospect()).toMatchObject({
    is: 'refused',
    refusal: { message: `the key of the machine late was not approved: request ${undecided} has expired` },
  });
});

test('asked to end while it waits it ends at once, with code 0', async () => {
  expect(await daemonOf('ended').end('SIGTERM')).toBe(0);
});
