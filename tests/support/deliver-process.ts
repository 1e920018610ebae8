// A console that does nothing but deliver, as a process that a test can end in the middle: URL, token, key in hex, port of the mail server.
import { openDatabase } from '../../src/database/client.ts';
import { openNotice } from '../../src/database/secret-key.ts';
import { outboxOf } from '../../src/kit/outbox.ts';
import { deliverDue } from '../../src/notices/deliver.ts';
import { smtpChannel } from '../../src/notices/channels/smtp.ts';

const [url = '', token = '', key = '', port = ''] = process.argv.slice(2);
const database = openDatabase({ url, applicationName: 'bursar test delivery' });
const outbox = outboxOf({ database, token, openSecret: async sealed => openNotice(Buffer.from(key, 'hex'), sealed) });
const channel = smtpChannel(
  { url: `smtp://127.0.0.1:${port}`, from: 'bank@mail.example' },
  { password: { file: undefined, variable: 'NONE', fromEnvironment: undefined } },
);
await deliverDue(outbox, new Map([['email', channel]]), { signal: new AbortController().signal });
await database.close();
