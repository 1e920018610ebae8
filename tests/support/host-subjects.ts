import { note, planted, unique } from './bank-subjects.ts';
import type { Bank } from './acting.ts';
import type { Prepare } from './every-action.ts';

const fingerprint = `SHA256:${'A'.repeat(43)}`;

/** A host of the inventory that nobody can reach. */
const aHost = (bank: Bank, { retired = false } = {}): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, retired_at) VALUES ($1, 'host.example', 'deploy', $2, $3, $3, $4)`,
    [unique('h'), fingerprint, bank.one.id, retired ? new Date() : null],
  );

const named = async (bank: Bank): Promise<string> => {
  const id = await aHost(bank);
  return (await bank.rows<{ name: string }>('SELECT name FROM ops.host WHERE id = $1', [id]))[0]?.name ?? '';
};

const databaseOf = async (bank: Bank): Promise<string> =>
  (await bank.rows<{ name: string }>('SELECT current_database()::text AS name'))[0]?.name ?? '';

const aRun = (bank: Bank): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by) VALUES (gen_random_uuid(), 'host-report', '1', 'Host report', 'a', false, '{}', $1)`,
    [bank.one.id],
    'number',
  );

/** A run that pauses after the first of two hosts. */
const aPausingRun = async (bank: Bank): Promise<string> => {
  const host = await aHost(bank);
  const number = await aRun(bank);
  await bank.behindItsBack(
    `INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, pause_after, status, finished_at)
     SELECT r.id, p, 'look', $2, '{id}', 5, p = 1, CASE p WHEN 1 THEN 'succeeded' ELSE 'waiting' END, now() FROM ops.run r, generate_series(1, 2) p WHERE r.number = $1`,
    [number, host],
  );
  await bank.behindItsBack(`UPDATE ops.run SET status = 'running' WHERE number = $1`, [number]);
  return number;
};

/** What is done to hosts. */
export const hostSubjects: Readonly<Record<string, Prepare>> = {
  'hosts.add': async () => ({ name: unique('h'), address: 'db1.example', username: 'deploy', fingerprint, note }),
  'hosts.repin': async ({ bank }) => ({ id: await aHost(bank), fingerprint: `SHA256:${'B'.repeat(43)}`, note }),
  'hosts.edit': async ({ bank }) => ({ id: await aHost(bank), environment: 'test', tags: 'db', note }),
  'hosts.retire': async ({ bank }) => ({ id: await aHost(bank), note }),
  'runbooks.host-report': async ({ bank }) => ({ hosts: await named(bank), note }),
  'runbooks.probe-hosts': async ({ bank }) => ({ hosts: await named(bank), note }),
  'runbooks.service-status': async ({ bank }) => ({ hosts: await named(bank), service: 'nginx', note }),
  'runbooks.restart-service': async ({ bank }) => ({ hosts: await named(bank), service: 'nginx', note }),
  'runbooks.search-log': async ({ bank }) => ({ hosts: await named(bank), file: '/var/log/syslog', words: 'error', note }),
  'runbooks.drill': async ({ bank }) => ({ host: await named(bank), note }),
  'runbooks.restore': async ({ bank }) => ({
    host: await named(bank),
    database: await databaseOf(bank),
    backup: '20260102T030405Z-by-hand-1',
    note,
  }),
  'runbooks.restore-back': async ({ bank }) => ({
    host: await named(bank),
    database: await databaseOf(bank),
    old: 'bank_old_20260102030405',
    note,
  }),
  'runbooks.drop-old-database': async ({ bank }) => ({ host: await named(bank), old: 'bank_old_20260102030405', note }),
  'runs.continue': async ({ bank }) => ({ id: await aPausingRun(bank), note }),
  'runs.abort': async ({ bank }) => ({ id: await aRun(bank), note }),
  'hosts.restore': async ({ bank }) => ({ id: await aHost(bank, { retired: true }), note }),
};
