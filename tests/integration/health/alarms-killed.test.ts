import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { deliverDue } from '../../../src/notices/deliver.ts';
import { anAlarmBank, type AlarmBank } from '../../support/alarms.ts';
import { fullDisk } from '../../support/full-disk.ts';
import { bodyOf, headerOf, startMailServer } from '../../support/mail-server.ts';
import { mailTo } from '../../support/notice-bank.ts';
import { full, report } from '../../support/reliability.ts';

const kills = full ? 100 : 2;
const program = path.join(import.meta.dirname, '..', '..', 'support', 'alarm-process.ts');

let world: AlarmBank;
beforeAll(async () => {
  world = await anAlarmBank();
});
afterAll(async () => {
  for (const child of running) await kill(child);
  await world[Symbol.asyncDispose]();
});

const running = new Set<ChildProcess>();
const kill = async (child: ChildProcess): Promise<void> => {
  running.delete(child);
  const ended = once(child, 'exit');
  if (!child.kill('SIGKILL')) return;
  await ended;
};

/** The server goes on with what a console asked for before it died, and hears of its death then. */
const nobodyIsLeft = () =>
  vi.waitFor(
    async () =>
      expect(
        await world.bank.rows(
          `SELECT FROM pg_stat_activity WHERE application_name = 'bursar test alarms' AND datname = current_database()`,
        ),
      ).toEqual([]),
    {
      timeout: 60_000,
      interval: 50,
    },
  );

/** Disks whose alarm is told, as the database remembers it, and as the outbox has it. */
const toldOf = async () => {
  const known = await world.bank.rows<{ name: string }>(
    `SELECT substring(subject from 'host-disk:.*') AS name FROM ops.alarm WHERE told = 2 AND subject LIKE 'measure host-disk:%' ORDER BY 1`,
  );
  const told = await world.bank.rows<{ name: string; to: string }>(
    `SELECT about_id AS name, recipient AS "to" FROM ops.notice WHERE template = 'health-alarm' AND about_id LIKE 'host-disk:%' ORDER BY 1, 2`,
  );
  return { known: known.map(({ name }) => name), told };
};
const recipients = ['maker@bank.example', 'one@bank.example', 'two'];
const toEach = (names: readonly string[]) => names.flatMap(name => recipients.map(to => ({ name, to })));

test(
  'two consoles that measure, tell and deliver at once, killed again and again: each alarm is told once to each, and arrives',
  async () => {
    await using server = await startMailServer();
    const { url, one, two } = world.bank;
    const start = (name: string, token: string) => {
      const child = spawn(process.execPath, [program, url, token, name, String(server.port)], { stdio: ['ignore', 'pipe', 'inherit'] });
      running.add(child);
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    };
    const beside = start('beside', two.token);
    for (let killed = 0; killed < kills; killed++) {
      const { child, lines } = start(`killed${killed}`, one.token);
      await lines.next();
      // somewhere between two of its disks, or in the middle of delivering
      for (let more = killed % 3; more > 0; more--) await lines.next();
      await kill(child);
    }
    await kill(beside.child);
    await nobodyIsLeft();

    // what was under way when they died has either happened whole or not at all
    const before = await toldOf();
    expect(before.told).toEqual(toEach(before.known));
    expect(before.known.length).toBeGreaterThanOrEqual(kills);

    const disks = (await world.bank.rows<{ subject: string }>(`SELECT subject FROM ops.health_series WHERE measure = 'host-disk'`)).map(({ subject }) => subject);
    for (const _ of [1, 2]) {
      for (let at = 0; at < disks.length; at += 300) await world.reads(...disks.slice(at, at + 300).map(fullDisk));
      await world.looks();
    }
    const names = disks.map(subject => `host-disk:db1:${subject}`);
    const after = await toldOf();
    const order = (told: readonly { name: string; to: string }[]) => told.map(({ name, to }) => `${name} ${to}`).toSorted();
    expect(order(after.told)).toEqual(order(toEach(names)));

    // the two minutes of a lease, at once
    await world.bank.behindItsBack(`UPDATE ops.notice SET due_at = clock_timestamp() WHERE status = 'sending'`);
    const { outbox } = await world.console();
    await deliverDue(outbox, mailTo(server.port), { signal: new AbortController().signal });
    const ids = new Map<string, Set<string>>();
    for (const { raw, to } of server.mails) {
      const [, disk] = /What: +"Disk used: ([^"]+)"/.exec(bodyOf(raw)) ?? [];
      const about = `${disk} ${to[0]}`;
      if (disk !== undefined) ids.set(about, (ids.get(about) ?? new Set()).add(headerOf(raw, 'Message-ID') ?? ''));
    }
    expect(ids.size).toBe(names.length * 2);
    for (const messages of ids.values()) expect(messages.size).toBe(1);
    report('consoles killed while they told alarms', { killed: kills + 1, alarms: names.length, 'told before the last measuring': before.known.length, notices: after.told.length, lost: Math.max(0, names.length * 3 - after.told.length), 'told twice': Math.max(0, after.told.length - names.length * 3), mails: ids.size });
  },
  full ? 3_600_000 : 180_000,
); // prettier-ignore
