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
  'runbooks.vacuum': onHost,
};

export const cleanupSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'runbooks.cleanup': async ({ bank }) => ({ id: await aCount(bank, 2_000_000), note }),
};
