import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { connectionSettings } from '../../src/database/settings.ts';
import type { Figure } from './figure.ts';

const writers = 16;
const seconds = 8;

const open = async (url: string): Promise<Client> => {
  const client = new Client(connectionSettings(url, { applicationName: 'bursar bench', statementTimeoutMs: 0 }));
  await client.connect();
  return client;
};

/** How often a piece of work is done in a second by sixteen connections. */
const rate = async (url: string, work: (client: Client, turn: number, writer: number) => Promise<unknown>): Promise<number> => {
  const clients = await Promise.all(Array.from({ length: writers }, () => open(url)));
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

/** Postings and audit rows by sixteen writers with the server's default settings, fsync on; then the chain is verified. */
export const measureWriting = async (url: string): Promise<readonly Figure[]> => {
  const admin = await open(url);
  const { rows } = await admin.query<{ id: string }>(
    `SELECT id FROM bank.account WHERE status = 'active' AND balance > 100000 ORDER BY id LIMIT 2000`,
  );
  const ids = rows.map(row => row.id);
  const postings = await rate(url, (client, turn, writer) =>
    client.query(`SELECT (bank.post_transaction($1, 'transfer', $2, $3, 1, 'EUR', 'online', NULL, 'bench')).transaction_id`, [
      randomUUID(),
      ids[(turn * writers + writer) % ids.length],
      ids[(turn * writers + writer + 997) % ids.length],
    ]),
  );
  const token = randomUUID() + randomUUID();
  await admin.query(`SELECT ops.open_demo_session('demo', $1, 'bench')`, [token]);
  const looks = await rate(url, (client, turn, writer) =>
    client.query(`SELECT ops.record_access($1, 'view', 'bench', $2, NULL)`, [token, `${writer}-${turn}`]),
  );
  const began = performance.now();
  const verified = await admin.query<{ checked: string; first_broken: string | null }>(
    'SELECT checked, first_broken FROM ops.verify_audit()',
  );
  const took = (performance.now() - began) / 1_000;
  await admin.end();
  const [answer] = verified.rows;
  if (answer?.first_broken !== null) throw new Error(`the audit chain is broken at ${answer?.first_broken}`);
  return [
    {
      group: 'writing',
      what: `postings through the contract, ${writers} connections`,
      value: postings,
      unit: '/s',
      target: { kind: 'at least', value: 1_000 },
    },
    { group: 'writing', what: `audit rows, ${writers} writers`, value: looks, unit: '/s', target: { kind: 'at least', value: 1_000 } },
    {
      group: 'writing',
      what: `audit verify of ${Number(answer.checked).toLocaleString('en')} rows`,
      value: took,
      unit: 's',
      target: { kind: 'at most', value: 20 },
    },
  ];
};
