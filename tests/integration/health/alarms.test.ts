import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { renderNotice } from '../../../src/domain/notice.ts';
import { deliverDue } from '../../../src/notices/deliver.ts';
import { webhookChannel } from '../../../src/notices/channels/webhook.ts';
import { act, refusal } from '../../support/acting.ts';
import { anAlarmBank, type AlarmBank } from '../../support/alarms.ts';
import { bodyOf, startMailServer } from '../../support/mail-server.ts';
import { mailTo } from '../../support/notice-bank.ts';
import { aSecret } from '../../support/notices.ts';

let world: AlarmBank;
beforeAll(async () => {
  world = await anAlarmBank();
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() =>
  world.bank.behindItsBack(`DELETE FROM ops.notice; DELETE FROM ops.alarm; DELETE FROM ops.health_series WHERE host_id IS NOT NULL;
    DELETE FROM ops.run; DELETE FROM ops.schedule_run; DELETE FROM ops.backup; DELETE FROM platform.maintenance`),
);

const setTo = (key: string, value: string) =>
  world.bank.behindItsBack('UPDATE platform.setting SET value = to_jsonb($2::text) WHERE key = $1', [key, value]);

const disk = (value: number) => ({ measure: 'host-disk', subject: '/srv', value, words: '/srv: used by the bank' });
const ofDisk = ['health', 'host-disk:db1:/srv'] as const;
const alarm = 'Alarm: "Disk used: /srv", "db1"';
const well = 'Well again: "Disk used: /srv", "db1"';

describe('the rule', () => {
  test('wrong is told when two measurings in a row say so, once, to whoever may start runbooks', async () => {
    await world.measures(disk(95));
    expect(await world.told(...ofDisk)).toEqual([]);
    await world.looks(2);
    expect(await world.told(...ofDisk), 'looked at again, it is still one measuring').toEqual([]);
    await world.reads(disk(95));
    await world.samples(2);
    await world.measures(disk(95), 2);
    expect((await world.told(...ofDisk)).map(({ recipient }) => recipient).toSorted()).toEqual(['maker@bank.example', 'one@bank.example', 'two']);
    const [audit] = await world.bank.rows<{ operator: string; action: string; new: unknown }>(
      `SELECT operator, action, new FROM ops.audit WHERE action = 'health.alarm' AND new::text LIKE '%host-disk:db1:/srv%' ORDER BY seq DESC LIMIT 1`,
    );
    expect(audit).toMatchObject({ operator: 'one', new: { told: expect.arrayContaining([{ about: 'measure host-disk:db1:/srv', state: 'wrong' }]) as unknown } });
  }); // prettier-ignore

  test('one that flaps is told once an hour at most, and no alarm waits for it', async () => {
    for (const value of [95, 50, 95, 50, 95]) await world.measures(disk(value));
    expect(await world.subjects(...ofDisk)).toEqual([]);
    await world.measures(disk(95));
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await world.measures(disk(50), 3);
    await world.measures(disk(95), 3);
    expect(await world.subjects(...ofDisk), 'well and wrong within the hour').toEqual([alarm]);
    await world.anHourLater();
    await world.measures(disk(95), 2);
    await world.measures(disk(50));
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await world.measures(disk(50));
    expect(await world.subjects(...ofDisk)).toEqual([alarm, well]);
    await world.measures(disk(95), 2);
    expect(await world.subjects(...ofDisk), 'another episode, at once').toEqual([alarm, well, alarm]);
  });

  test('what cannot be measured says nothing, and what is gone is forgotten', async () => {
    await world.measures(disk(95), 2);
    await world.measures({ ...disk(0), value: null }, 3);
    await world.anHourLater();
    await world.measures({ ...disk(0), value: null }, 3);
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await world.bank.behindItsBack(`DELETE FROM ops.health_series WHERE measure = 'host-disk'`);
    await world.looks();
    expect(await world.bank.rows(`SELECT FROM ops.alarm WHERE subject LIKE 'measure host-disk%'`)).toEqual([]);
  });

  test('a certificate is told of when it ends soon, and once more when it is wrong', async () => {
    const certificate = (value: number) => ({ measure: 'host-certificate', subject: 'bank.example', value, words: 'until then' });
    const about = ['health', 'host-certificate:db1:bank.example'] as const;
    const what = '"Certificate: bank.example", "db1"';
    await world.measures(certificate(20), 2);
    expect((await world.told(...about))[0]?.body).toContain(
      'Found:       "20 days, alarm below 30: until then"\n  What helps:  "renew certificates"\n  Command:     "bursar runs start renew-certificates --hosts db1 --note why"',
    );
    await world.measures(certificate(5), 2);
    await world.measures(certificate(20), 2);
    await world.measures(certificate(5), 2);
    expect(await world.subjects(...about)).toEqual([`Ends soon: ${what}`, `Alarm: ${what}`]);
    await world.anHourLater();
    await world.measures(certificate(90), 2);
    expect(await world.subjects(...about)).toEqual([`Ends soon: ${what}`, `Alarm: ${what}`, `Well again: ${what}`]);
  });

  test('while maintenance mode is on, platform and services say nothing, everything else does', async () => {
    const down = { measure: 'host-service', subject: 'bank', value: 0, words: 'failed' };
    await world.bank.behindItsBack(
      `INSERT INTO platform.maintenance (message, from_at, until, asked_by) VALUES ('We are back soon.', now(), now() + interval '1 hour', $1)`,
      [world.bank.one.id],
    );
    for (let time = 0; time < 3; time++) {
      await world.reads(down, disk(95));
      await world.looks();
    }
    expect(await world.subjects('health', 'host-service:db1:bank')).toEqual([]);
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await world.bank.behindItsBack('UPDATE platform.maintenance SET ended_at = now(), ended_by = asked_by');
    await world.measures(down, 2);
    expect((await world.told('health', 'host-service:db1:bank'))[0]?.body).toContain('bursar runs start restart-service --hosts db1 --service bank --note why');
  }); // prettier-ignore
});

describe('what is told besides', () => {
  const aBackup = (name: string, status: string, copy: string | null) =>
    world.bank.behindItsBack(
      `INSERT INTO ops.backup (host_id, name, sort, status, taken_at, octets, previous_octets, copy_status) SELECT h.id, $1, 'database', $2, now(), 400, 1000, $3 FROM ops.host h`,
      [name, status, copy],
    );
  const aRun = (ago: string, status = 'failed') =>
    world.bank.behindItsBack(
      `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status, finished_at, error)
       VALUES (gen_random_uuid(), 'vacuum', '1', 'Vacuum and analyze', 'db1', false, '{}', $1, $2, now() - $3::interval, 'the password is hunter2')`,
      [world.bank.one.id, status, ago],
    );
  const newest = async () => (await world.bank.rows<{ n: string }>('SELECT max(number)::text AS n FROM ops.run'))[0]?.n ?? '';

  test('a bank without a backup; then one that is half as large, one that is corrupt, one whose copy is gone', async () => {
    await world.samples(2);
    expect(await world.subjects('health', 'backup')).toEqual(['Alarm: "Last backup", "the bank"']);
    await aBackup('newest', 'verified', 'verified');
    await aBackup('damaged', 'corrupt', null);
    await aBackup('alone', 'verified', 'missing');
    await aBackup('elsewhere', 'verified', 'verified');
    await world.bank.behindItsBack(`UPDATE ops.backup SET fault = 'it is not on this host any more' WHERE name = 'elsewhere'`);
    await world.samples(2);
    expect(await world.subjects('health', 'backup-size')).toEqual(['Alarm: "Last backup against the one before", "the bank"']);
    const about = `SELECT subject, substring(body from 'Found: +([^\\n]+)') AS found FROM ops.notice WHERE about_entity = 'backup' AND recipient = 'two' ORDER BY subject`;
    expect(await world.bank.rows(about)).toEqual([
      { subject: 'Alarm: "Backup alone", "db1"', found: '"its copy is missing"' },
      { subject: 'Alarm: "Backup damaged", "db1"', found: '"it is corrupt"' },
      { subject: 'Alarm: "Backup elsewhere", "db1"', found: '"it is left as a copy alone"' },
    ]);
    await world.anHourLater();
    await world.samples();
    expect(await world.subjects('health', 'backup'), 'there is one now').toContain('Well again: "Last backup", "the bank"');
  }); // prettier-ignore

  test('a run that failed, at once and once; the next of its kind after an hour, together; never what a host said', async () => {
    await aRun('2 days');
    await aRun('1 minute', 'succeeded');
    await aRun('1 minute');
    const first = await newest();
    await world.looks(3);
    expect(await world.subjects('run', first)).toEqual([`Alarm: "Run ${first}: Vacuum and analyze", "db1"`]);
    const [told] = await world.told('run', first);
    expect(told?.body).toContain(`Command:     "bursar runs show ${first}"`);
    expect(told?.body).not.toContain('hunter2');
    await aRun('20 seconds', 'timed out');
    await aRun('10 seconds');
    const last = await newest();
    await world.looks(2);
    expect(await world.subjects('run', last)).toEqual([]);
    await world.anHourLater();
    await world.looks(2);
    expect((await world.told('run', last))[0]?.body).toContain('Found:       "failed, the last of 3 within a day"');
    expect(await world.bank.rows(`SELECT DISTINCT about_id FROM ops.notice WHERE about_entity = 'run'`)).toHaveLength(2);
  });

  test('a job that was missed, and one that failed', async () => {
    await world.bank.behindItsBack(
      `INSERT INTO ops.schedule_run (schedule_id, due_at, last_due_at, times, status, finished_at, words)
       SELECT id, now() - interval '3 days', CASE WHEN name = 'ledger' THEN now() - interval '1 day' END, CASE WHEN name = 'ledger' THEN 3 ELSE 1 END, CASE WHEN name = 'ledger' THEN 'missed' ELSE 'failed' END, now(), 'what it said'
         FROM ops.schedule WHERE name IN ('ledger', 'audit-verify')`,
    );
    await world.looks(2);
    expect((await world.told('schedule', 'ledger')).length).toBe(3);
    expect((await world.told('schedule', 'ledger'))[0]?.body).toContain('Found:       "missed 3 times: what it said"');
    expect((await world.told('schedule', 'audit-verify'))[0]?.body).toContain('Found:       "failed: what it said"');
    expect(await world.told('health', 'audit-chain'), 'told as the job that it is').toEqual([]);
  }); // prettier-ignore
});

describe('who is told what', () => {
  test('the words are those of the console, whatever a host says', async () => {
    const said = 'line\none "quoted" \u202eevil\u001b[31m';
    const about = ['health', 'host-disk:db1:/srv'] as const;
    await world.measures({ ...disk(95), words: said }, 2);
    await world.anHourLater();
    await world.measures({ ...disk(50), words: 'there is room' }, 2);
    const [first, , , last] = await world.told(...about);
    const common = { environment: 'unnamed', what: 'Disk used: /srv', where: 'db1', helps: 'cleanup of temporary files, log rotation, then a larger disk', command: 'bursar runs start cleanup-estimate --host db1 --note why' };
    expect(first?.body).toContain(`Found:       "95 percent, alarm from 90: line?one 'quoted' ?evil?[31m"\n`);
    expect(first?.body.split('\n').filter(line => line.startsWith('  '))).toHaveLength(7);
    const found = `95 percent, alarm from 90: line?one 'quoted' ?evil?[31m`;
    expect({ subject: first?.subject, body: first?.body }).toEqual(renderNotice('health-alarm', { ...common, at: first?.at ?? new Date(), state: 'wrong', found }));
    expect({ subject: last?.subject, body: last?.body }).toEqual(renderNotice('health-alarm', { ...common, at: last?.at ?? new Date(), state: 'well', found: '50 percent, alarm from 90: there is room' }));
  }); // prettier-ignore

  test('each part is switched by a setting; switched on again, what is wrong is told', async () => {
    await setTo('notices.alarms', 'none');
    await world.measures(disk(95), 3);
    expect(await world.bank.rows(`SELECT FROM ops.notice WHERE template = 'health-alarm'`)).toEqual([]);
    await setTo('notices.alarms', 'backups,health');
    await world.measures(disk(95), 2);
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await setTo('notices.alarms', 'health,backups,runs,jobs');
  });

  test('administrators, where nobody may start runbooks', async () => {
    await world.bank.behindItsBack(`UPDATE ops.operator_role SET expires_at = now() WHERE role = 'sysop'`);
    await world.measures(disk(95), 2);
    expect(await world.subjects(...ofDisk)).toEqual([alarm]);
    await world.bank.behindItsBack('UPDATE ops.operator_role SET expires_at = NULL');
  });

  test('operators alone, whoever begins it by SQL', async () => {
    const { db, one } = world.bank;
    const tell = `SELECT ops.enqueue_notice('health-alarm', 'email', 'ada@mail.example', 'from your bank', 'send us your password', NULL, NULL, 'health', '1')`;
    expect(await refusal(db, () => act(db, one, 'health.alarm', () => db.query(tell)))).toMatchObject({ code: 'BU004', message: 'an alarm tells operators and nobody else' });
  }); // prettier-ignore

  test('by mail to each and by webhook once, through a mail server and a receiver', async () => {
    const heard: { subject: string; template: string; to: string }[] = [];
    const receiver = createServer((request, response) => void text(request).then(said => { heard.push(JSON.parse(said) as never); response.end(); })); // prettier-ignore
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    await using server = await startMailServer();
    try {
      await setTo('notices.staff-channels', 'email,webhook');
      await world.measures(disk(95), 2);
      await world.bank.behindItsBack(`DELETE FROM ops.notice WHERE about_id <> $1`, [ofDisk[1]]);
      const { outbox } = await world.console();
      const channels = new Map([...mailTo(server.port), ['webhook', webhookChannel({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` }, { secret: aSecret('whsec-1') })] as const]);
      await deliverDue(outbox, channels, { signal: new AbortController().signal });
      expect(server.mails.flatMap(({ to }) => to).toSorted()).toEqual(['maker@bank.example', 'one@bank.example']);
      expect(bodyOf(server.mails[0]?.raw ?? '')).toContain('What:        "Disk used: /srv"');
      expect(heard).toMatchObject([{ to: 'staff', template: 'health-alarm', subject: alarm }]);
    } finally {
      await setTo('notices.staff-channels', 'email');
      receiver.closeAllConnections();
      receiver.close();
      await once(receiver, 'close');
    }
  }); // prettier-ignore
});
