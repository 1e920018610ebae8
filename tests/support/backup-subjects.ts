import type { Bank } from './acting.ts';
import { note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

const aHost = async (bank: Bank): Promise<string> => {
  const name = unique('b');
  await planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) VALUES ($1, 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), $2, $2)`,
    [name, bank.one.id],
  );
  return name;
};

const onHost: Prepare = async ({ bank }) => ({ host: await aHost(bank), note });
const onBackup: Prepare = async ({ bank }) => ({ host: await aHost(bank), name: '20261121T020000Z-planted', note });

/** What is done about backups. */
export const backupSubjects: Readonly<Record<string, Prepare>> = {
  'runbooks.backup': onHost,
  'runbooks.backup-files': onHost,
  'runbooks.list-backups': onHost,
  'runbooks.verify-backup': onBackup,
  'runbooks.pin-backup': onBackup,
  'runbooks.restore-files': async ({ bank }) => ({
    host: await aHost(bank),
    name: '20261121T020000Z-planted',
    folder: '/srv/bank/media',
    note,
  }),
  'runbooks.unpin-backup': onBackup,
};
