import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { commandChannel, type CommandOptions } from '../../../src/notices/channels/command.ts';
import { heldMemory } from '../../support/held-memory.ts';
import { aFolder, aNotice, aResetNotice, link } from '../../support/notices.ts';

const never = new AbortController().signal;
const { PATH = '' } = process.env;
const environment = { PATH, BURSAR_SMTP_PASSWORD: 'hunter2', DATABASE_URL: 'postgres://owner:hunter2@db.example/bank' };

/** A real program: a shell that the test gives a script, as any other program would be given its arguments. */
const shell = (script: string, options: Partial<CommandOptions> = {}) =>
  commandChannel({ program: '/bin/sh', args: ['-c', script, 'notice'] }, { environment, patienceMs: 100_000, ...options });

/** Gone, or dead and not yet collected by its parent (proc(5)). */
const isGone = (pid: number): boolean => {
  const file = `/proc/${pid}/stat`;
  return !existsSync(file) || /\) [ZX] /.test(readFileSync(file, 'utf8'));
};

test('the notice stands on its input as JSON; its arguments and its environment hold no secret', async () => {
  using folder = aFolder();
  const channel = shell(`cd '${folder.path}'; cat > input; tr '\\0' ' ' < /proc/$$/cmdline > arguments; env > environment`);
  const notice = aResetNotice({ channel: 'command', to: '+44 20 7946 0000; rm -rf $HOME' });
  expect(await channel.deliver(notice, never)).toEqual({ ok: true, detail: 'code 0' });
  const read = (name: string): string => readFileSync(`${folder.path}/${name}`, 'utf8');
  const { channel: _, confidential: __, ...rest } = notice;
  expect(JSON.parse(read('input'))).toEqual({ ...rest, createdAt: '2026-11-21T07:05:31.000Z' });
  expect(read('arguments')).toContain('notice');
  for (const name of ['arguments', 'environment']) expect(read(name)).not.toMatch(/hunter2|reset|7946/);
});

test('no shell reads the arguments', async () => {
  using folder = aFolder();
  const args = ['-c', 'printf %s "$1" > "$2"', 'notice', '$(id); `id` > x', `${folder.path}/said`];
  const channel = commandChannel({ program: '/bin/sh', args }, { environment });
  expect(await channel.deliver(aNotice(), never)).toMatchObject({ ok: true });
  expect(readFileSync(`${folder.path}/said`, 'utf8')).toBe('$(id); `id` > x');
});

test('how it ends decides: 0 is sent, 65 is final, all else is tried again', async () => {
  const ends = async (script: string) => shell(script).deliver(aNotice(), never);
  expect(await ends('printf "no\\033[31m route" >&2; exit 1')).toEqual({
    ok: false,
    permanent: false,
    error: 'the command ended with code 1: no␛[31m route',
  });
  expect(await ends('exit 65')).toEqual({ ok: false, permanent: true, error: 'the command ended with code 65' });
  expect(await ends('kill -SEGV $$')).toEqual({ ok: false, permanent: false, error: 'the command ended with SIGSEGV' });
  const missing = await commandChannel({ program: '/nowhere/tell', args: [] }, { environment }).deliver(aNotice(), never);
  expect(missing).toEqual({ ok: false, permanent: false, error: 'the command cannot be started (ENOENT)' });
});

test('one that repeats what it was told does not bring a link into an error', async () => {
  const delivered = await shell('cat >&2; exit 1').deliver(aResetNotice(), never);
  expect(delivered).toEqual({ ok: false, permanent: false, error: 'the command ended with code 1' });
  const open = await shell('cat >&2; exit 1').deliver(aNotice(), never);
  expect(open).toMatchObject({ error: expect.stringContaining('Your account is frozen.') as string });
  expect(JSON.stringify([delivered, open])).not.toContain(link);
});

test('one that ignores SIGTERM, and its child that does too, are ended', async () => {
  using folder = aFolder();
  const script = `trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo "$$ $!" > '${folder.path}/pids'; while :; do sleep 1; done`;
  const delivered = await shell(script, { patienceMs: 2_000, graceMs: 200 }).deliver(aNotice(), never);
  expect(delivered).toEqual({ ok: false, permanent: false, error: 'the command did not end in time' });
  const pids = readFileSync(`${folder.path}/pids`, 'utf8').trim().split(' ').map(Number);
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.map(isGone)).toEqual([true, true]);
});

test('100 MB to either output neither stop it nor stay in memory', async () => {
  const before = heldMemory();
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, heldMemory() - before)), 1_000);
  onTestFinished(() => clearInterval(watch));
  const flood = 'head -c 100000000 /dev/zero | tr "\\0" x';
  expect(await shell(`${flood}; ${flood} >&2`).deliver(aNotice(), never)).toEqual({ ok: true, detail: 'code 0' });
  const failed = await shell(`${flood} >&2; exit 1`).deliver(aNotice(), never);
  expect(failed).toMatchObject({ ok: false, error: expect.stringMatching(/^.{100,300}$/) as string });
  expect(Math.max(most, heldMemory() - before) / 1e6).toBeLessThan(40);
});

test('one that reads nothing, one that leaves a child with its outputs: neither holds us up', async () => {
  const long = aNotice({ body: 'x'.repeat(1_000_000) });
  expect(await shell('exit 0').deliver(long, never)).toEqual({ ok: true, detail: 'code 0' });
  const before = performance.now();
  using folder = aFolder();
  const delivered = await shell(`sleep 60 & echo $! > '${folder.path}/pid'; exit 0`).deliver(aNotice(), never);
  expect(delivered).toEqual({ ok: true, detail: 'code 0' });
  expect(performance.now() - before).toBeLessThan(10_000);
  process.kill(Number(readFileSync(`${folder.path}/pid`, 'utf8')));
});

test('the end of the console ends it; after that none is begun', async () => {
  using folder = aFolder();
  const ending = new AbortController();
  const running = shell(`echo $$ > '${folder.path}/pid'; exec sleep 60`).deliver(aNotice(), ending.signal);
  await expect.poll(() => existsSync(`${folder.path}/pid`) && readFileSync(`${folder.path}/pid`, 'utf8')).toMatch(/\d/);
  ending.abort();
  expect(await running).toMatchObject({ ok: false, permanent: false });
  expect(isGone(Number(readFileSync(`${folder.path}/pid`, 'utf8')))).toBe(true);
  expect(await shell(`touch '${folder.path}/late'`).deliver(aNotice(), ending.signal)).toMatchObject({ ok: false, permanent: false });
  expect(existsSync(`${folder.path}/late`)).toBe(false);
});
