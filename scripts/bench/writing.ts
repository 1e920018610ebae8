import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { connectionSettings } from '../../src/database/settings.ts';
import type { Figure } from './figure.ts';

const writers = 16;
const seconds = 8;

const connect = async (url: string): Promise<Client> => {
  const client = new Client(connectionSettings(url, { applicationName: 'bursar bench', statementTimeoutMs: 0 }));
  await client.connect();
  return client;
};

/** How often a piece of work is done in a second by sixteen connections. */
const rate = async (url: string, work: (client: Client, turn: number, writer: number) => Promise<unknown>): Promise<number> => {
  const clients = await Promise.all(Array.from({ length: writers }, () => connect(url)));
  const began = performance.now();
  let done = 0;
  await Promise.all(
    clients.map(async (client, writer) => {
      for (let turn = 0; performance.now() - began < seconds * 1_000; turn++) {
        await work(client, turn, writer);
        done += 1;
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1_000;
  await Promise.all(clients.map(client => client.end()));
  return done / elapsed;
};

/**
 * How often this disk makes one small write durable in a second. The chain of the audit log is sealed by one commit after the other, so that
 * its rate cannot be higher; postings share a flush.
 */
const flushesPerSecond = async (): Promise<number> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bursar-bench-flush-'));
  const file = await open(path.join(folder, 'file'), 'w');
  const began = performance.now();
  let done = 0;
  for (; performance.now() - began < 2_000; done++) {
    await file.write(Buffer.alloc(8_192), 0, 8_192, 0);
    await file.datasync();
  }
  const elapsed = (performance.now() - began) / 1_000;
  await file.close();
  await rm(folder, { recursive: true });
  return done / elapsed;
};

const posting = async (url: string, admin: Client): Promise<number> => {
  const { rows } = await admin.query<{ id: string }>(
    `SELECT id FROM bank.account WHERE status = 'active' AND balance > 100000 ORDER BY id LIMIT 2000`,
  );
  const ids = rows.map(row => row.id);
  return rate(url, (client, turn, writer) =>
    client.query(`SELECT (bank.post_transaction($1, 'transfer', $2, $3, 1, 'EUR', 'online', NULL, 'bench')).transaction_id`, [
      randomUUID(),
      ids[(turn * writers + writer) % ids.length],
      ids[(turn * writers + writer + 997) % ids.length],
    ]),
  );
};

/** Refused attempts, each in a transaction of its own: looks at the same record within minutes would be one row. */
const auditing = async (url: string, admin: Client): Promise<number> => {
  const tokens = Array.from({ length: writers }, () => randomUUID() + randomUUID());
  for (const token of tokens) await admin.query(`SELECT ops.open_demo_session('demo', $1, 'bench')`, [token]);
  return rate(url, (client, turn, writer) =>
    client.query(
      `SELECT ops.audit_attempt($1, 'accounts.freeze', 'update', 'account', $2, 'refused', 'the account changed meanwhile', NULL, NULL, $3, NULL)`,
      [tokens[writer], String(turn), randomUUID()],
    ),
  );
};

const verifying = async (admin: Client): Promise<Figure> => {
  const began = performance.now();
  const { rows } = await admin.query<{ checked: string; first_broken: string | null }>(
    'SELECT checked, first_broken FROM ops.verify_audit()',
  );
  const took = (performance.now() - began) / 1_000;
  const [answer] = rows;
  if (answer?.first_broken !== null) throw new Error(`the audit chain is broken at ${answer?.first_broken}`);
  const what = `audit verify of ${Number(answer.checked).toLocaleString('en')} rows`;
  return { group: 'writing', what, value: took, unit: 's', target: { kind: 'at most', value: 20 } };
};

const perSecond = (what: string, value: number, atLeast?: number): Figure => ({
  group: 'writing',
  what,
  value,
  unit: '/s',
  ...(atLeast !== undefined && { target: { kind: 'at least', value: atLeast } }),
});

/** Postings and audit rows by sixteen writers with the server's default settings, fsync on; then the chain is verified. */
export const measureWriting = async (url: string): Promise<readonly Figure[]> => {
  const admin = await connect(url);
  const figures = [
    perSecond('flushes of 8 kB by this disk, one after the other', await flushesPerSecond()),
    perSecond(`postings through the contract, ${writers} connections`, await posting(url, admin), 1_000),
    perSecond(`audit rows, ${writers} writers`, await auditing(url, admin), 1_000),
    await verifying(admin),
  ];
  await admin.end();
  return figures;
};
