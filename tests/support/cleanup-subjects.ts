import type { Bank } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

const aHost = async (bank: Bank): Promise<string> => {
  const name = unique('h');
  await planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) VALUES ($1, 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), $2, $2)`,
    [name, bank.one.id],
  );
  return name;
};

/** What was counted just now. */
const aCount = async (bank: Bank, rows = 5): Promise<string> =>
  planted(bank, `INSERT INTO ops.cleanup (policy, host, rows, bytes) VALUES ('sessions', $1, $2, 500)`, [await aHost(bank), rows]);

/** A run that listed so many files and one database that belong to nothing. */
const aListing = async (bank: Bank, files = 3): Promise<string> => {
  const host = await aHost(bank);
  const number = await planted(
    bank,
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status) VALUES (gen_random_uuid(), 'orphans', '1', 'List orphans', 'a', false, '{}', $1, 'succeeded')`,
    [bank.one.id],
    'number',
  );
  await bank.behindItsBack(
    `INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status, finished_at, result)
     SELECT r.id, 1, 'orphans', h.id, '{bursar,maintain,orphans}', 5, 'succeeded', now(), jsonb_build_object('list', repeat('a', 64), 'files', $3::int, 'databases', 1, 'octets', 1000, 'each', '[]'::jsonb)
       FROM ops.run r, ops.host h WHERE r.number = $1 AND h.name = $2`,
    [number, host, files],
  );
  return number;
};

let days = 100;

const onHost: Prepare = async ({ bank }) => ({ host: await aHost(bank), note });

/** What is done about what grows. */
export const cleanupSubjects: Readonly<Record<string, Prepare>> = {
  'policies.edit': async ({ bank }) => ({
    id: await planted(
      bank,
      `INSERT INTO ops.cleanup_policy (name, title, words, kind, days, floor_days) VALUES ($1, 'planted by a test', 'nothing', 'rows', 90, 30)`,
      [unique('policy').replaceAll(/[0-9]/g, digit => 'abcdefghij'[Number(digit)] ?? 'x')],
    ),
    days: String(days++),
    enabled: 'yes',
    note,
  }),
  'runbooks.cleanup-estimate': async ({ bank }) => ({ policy: 'all', days: '', host: await aHost(bank), note }),
  'runbooks.cleanup': async ({ bank }) => ({ id: await aCount(bank), note }),
  'runbooks.full-cleanup': onHost,
  'runbooks.statistics': onHost,
  'runbooks.unused-indexes': onHost,
  'runbooks.orphans': onHost,
  'runbooks.remove-orphans': async ({ bank }) => ({ list: await aListing(bank), what: 'media', under: '/srv/bank/media/old', note }),
  'runbooks.vacuum': onHost,
};

export const cleanupSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'runbooks.cleanup': async ({ bank }) => ({ id: await aCount(bank, 2_000_000), note }),
  'runbooks.remove-orphans': async ({ bank }) => ({ list: await aListing(bank, 5_000), what: 'media', under: '/srv/bank/media', note }),
};
