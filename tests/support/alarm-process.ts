// A console that measures one disk after the other of a host as full, twice each, looks at health a minute later each time and delivers what is due, as a process that a test can
// end in the middle: URL, token, name of its disks, port of the mail server. Writes a line for each disk.
import { Pool } from 'pg';
import { openDatabase } from '../../src/database/client.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { healthOf } from '../../src/kit/health.ts';
import { outboxOf } from '../../src/kit/outbox.ts';
import { deliverDue } from '../../src/notices/deliver.ts';
import { smtpChannel } from '../../src/notices/channels/smtp.ts';
import { aMinuteLater, fullDisk } from './full-disk.ts';

const [url = '', token = '', name = '', port = ''] = process.argv.slice(2);
const owner = new Pool({ ...connectionSettings(url, { applicationName: 'bursar test alarms' }), max: 1 });
const database = openDatabase({ url, applicationName: 'bursar test alarms' });
const health = healthOf(database, token, true);
const outbox = outboxOf({ database, token, openSecret: async sealed => sealed });
const channel = smtpChannel(
  { url: `smtp://127.0.0.1:${port}`, from: 'bank@mail.example' },
  { password: { file: undefined, variable: 'NONE', fromEnvironment: undefined } },
);
const { rows } = await owner.query<{ id: string; fingerprint: string }>('SELECT id, fingerprint FROM ops.host');
const [{ id, fingerprint } = { id: '0', fingerprint: '' }] = rows;
const host = { id: BigInt(id), name: 'db1', at: { address: 'db1.example', port: 22, user: 'bank' }, pinned: fingerprint };
for (let disk = 0; ; disk++) {
  for (const _ of [1, 2]) {
    await health.report(host, [fullDisk(`/${name}-${disk}`)]);
    await owner.query(aMinuteLater);
    await health.sample();
  }
  process.stdout.write('told\n');
  await deliverDue(outbox, new Map([['email', channel]]), { signal: new AbortController().signal });
}
