import { Socket } from 'node:net';
import { Client } from 'pg';
import { connectionSettings } from '../settings.ts';
import { ownerRole } from './data-directory.ts';
import { socketPort } from './socket-directory.ts';

/** Held shared by every console on the server, and exclusively by the one that stops it: "BURS" in ASCII. */
const consolesLock = 0x42_55_52_53;
const database = 'bursar';

/** What `pg` and Prisma connect to; port and sslmode are named so that a stray PGPORT or PGSSLMODE changes nothing. */
export const addressOf = (socketDirectory: string, name = database): string =>
  `postgresql://${ownerRole}@localhost:${socketPort}/${name}?host=${encodeURIComponent(socketDirectory)}&sslmode=disable`;

/** A server that is not there, not yet or no longer; everything else is an error to be told. */
const comesAndGoes = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03']);

const isPassing = (error: unknown): boolean => {
  const { code, message } = error as NodeJS.ErrnoException;
  return comesAndGoes.has(code ?? '') || message === 'Connection terminated unexpectedly';
};

/** The connection whose life says that this process uses the server. */
export type Keeper = { client: Client; socket: Socket };

const holdShared = async (client: Client): Promise<boolean> => {
  const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock_shared($1) AS held', [consolesLock]);
  return rows[0]?.held === true;
};

const ensureDatabase = async (client: Client): Promise<void> => {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rowCount !== 0) return;
  await client.query(`CREATE DATABASE ${database}`).catch((error: { code?: string }) => {
    // another console was faster: 42P04 when it had finished, 23505 when both were at it
    if (error.code !== '42P04' && error.code !== '23505') throw error;
  });
};

/** Joins the consoles on a server; nothing when it is not accepting or another console is just stopping it. */
export const join = async (socketDirectory: string): Promise<Keeper | undefined> => {
  const settings = connectionSettings(addressOf(socketDirectory, 'postgres'), { applicationName: 'bursar keeper', statementTimeoutMs: 0 });
  const socket = new Socket();
  const client = new Client({ ...settings, stream: () => socket });
  // a lost connection is seen as "end"; without a listener the error before it would end the process
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (await holdShared(client)) {
      await ensureDatabase(client);
      // the program must be able to end although it forgot to leave
      socket.unref();
      return { client, socket };
    }
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
  await client.end();
  return undefined;
};

/** Leaves; true means that nobody else is on the server and, until this connection ends, nobody can join. */
export const leave = async ({ client, socket }: Keeper): Promise<boolean> => {
  socket.ref();
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [consolesLock]);
    const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [consolesLock]);
    return rows[0]?.alone === true;
  } catch (error) {
    if (isPassing(error)) return false;
    throw error;
  }
};
