import { randomUUID } from 'node:crypto';
import type { GuideBank } from './guide-bank.ts';
import { anSshServer, type SshServer } from './ssh-server.ts';

export type StepWish = { readonly words: readonly string[]; readonly host?: string; readonly timeoutSeconds?: number };

/** Puts a host into the inventory as the owner would find it there. */
export const listHost = (bank: Pick<GuideBank, 'rows'>, server: SshServer, name: string): Promise<unknown> =>
  bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true))
     INSERT INTO ops.host (name, address, port, username, fingerprint, environment, pinned_by, added_by)
     SELECT $1, $2, $3, $4, $5, 'test', 1, 1 FROM off`,
    [name, server.at.address, server.at.port, server.at.user, server.fingerprint],
  );

/** Writes a run down whose steps no runbook has; gives its number. */
export const plantRun = async (
  bank: Pick<GuideBank, 'rows'>,
  steps: readonly StepWish[],
  { dangerous = false, target = 'test' } = {},
): Promise<string> => {
  const id = randomUUID();
  await bank.rows(
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by) VALUES ($1, 'host-report', '1', 'A run of a test', $2, $3, '{}', 1)`,
    [id, target, dangerous],
  );
  for (const [index, { words, host = 'web1', timeoutSeconds = 60 }] of steps.entries())
    await bank.rows(
      `INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds) SELECT $1, $2, 'step', h.id, $3, $4 FROM ops.host h WHERE h.name = $5`,
      [id, index + 1, words, timeoutSeconds, host],
    );
  const [row] = await bank.rows('SELECT number FROM ops.run WHERE id = $1', [id]);
  return String(row?.['number']);
};

/** Two hosts of a bank that one key opens: `web1` and `web2`. */
export const twoHosts = async (bank: Pick<GuideBank, 'rows'>): Promise<readonly [SshServer, SshServer]> => {
  const first = await anSshServer();
  const servers = [first, await anSshServer({ like: first })] as const;
  for (const [index, server] of servers.entries()) await listHost(bank, server, `web${index + 1}`);
  return servers;
};
