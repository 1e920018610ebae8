import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { openDirect } from '../database/direct.ts';
import type { Reading } from '../domain/health.ts';
import { plainProbes, readingsIn } from '../domain/host-probe.ts';
import { defineWork, type WorkContext } from './define-work.ts';
import { askHttp, askOldTls, askSmtp, askValkey, timed } from './probe/endpoints.ts';
import { askService, readCertificate, unexpectedPorts } from './probe/files.ts';
import { run } from './probe/words-of.ts';

const plain = async (signal: AbortSignal): Promise<readonly Reading[]> => {
  const said = await Promise.all(plainProbes.map(({ script }) => run('sh', ['-c', script], { signal })));
  return said.flatMap(({ output }) => readingsIn(output));
};

/** The room of the disk with the data, where the server lies on this host and tells its owner where. */
const roomOf = async (folder: string | undefined): Promise<readonly Reading[]> => {
  if (folder === undefined) return [];
  try {
    const { bavail, bsize, blocks } = await statfs(folder);
    const gigabytes = (octets: number): string => (octets / 1_073_741_824).toFixed(1);
    return [
      { measure: 'host-database-room', value: bavail * bsize, words: `${gigabytes(bavail * bsize)} of ${gigabytes(blocks * bsize)} GB` },
    ];
  } catch {
    return []; // its data lie on another host
  }
};

/** Whether the database lets its owner in from here, and what room it has. */
const askDatabase = async ({ databaseUrl, hasDatabase }: WorkContext): Promise<readonly Reading[]> => {
  if (hasDatabase !== true) return [];
  let folder: string | undefined;
  const reading = await timed('platform-postgres', async () => {
    const connection = await openDirect(
      await databaseUrl(),
      { applicationName: 'bursar probe', readOnly: true, statementTimeoutMs: 5_000 },
      () => undefined,
    );
    try {
      const { rows } = await connection.query<{ version: string; folder: string | null; standby: boolean }>(
        `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
                CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS folder`,
      );
      folder = rows[0]?.folder ?? undefined;
      return { words: `Postgres ${rows[0]?.version ?? '-'} answers${rows[0]?.standby ? ', and follows another server' : ''}` };
    } finally {
      await connection.end();
    }
  });
  return [reading, ...(await roomOf(folder))];
};

const endpoints = async ({ platform: { health, valkey, smtp } }: WorkContext): Promise<readonly Reading[]> => {
  const asked = await Promise.all([
    health === undefined ? undefined : askHttp(health),
    health === undefined ? undefined : askOldTls(health),
    valkey === undefined ? undefined : askValkey(valkey),
    smtp === undefined ? undefined : askSmtp(smtp),
  ]);
  return asked.filter(reading => reading !== undefined);
};

/** Everything a host knows of its health, without changing anything: disks, memory, load, ports, updates, and what its profile names. */
export const probe = defineWork({
  name: 'probe',
  summary: 'say how this host and what runs on it are; changes nothing',
  input: z.object({}),
  run: async (_input, context): Promise<{ readonly readings: readonly Reading[] }> => {
    const { platform, signal, progress } = context;
    progress(0, 'asking the host');
    const [host, database, outside, certificates, service] = await Promise.all([
      plain(signal),
      askDatabase(context),
      endpoints(context),
      Promise.all(platform.certificates.map(file => readCertificate(file, Date.now()))),
      platform.service === undefined ? [] : askService(platform.service, signal).then(reading => [reading]),
    ]);
    const ports = platform.ports === undefined ? undefined : unexpectedPorts(host, platform.ports);
    const readings = [...host, ...(ports ? [ports] : []), ...service, ...certificates, ...database, ...outside];
    progress(1, `${readings.length} things were looked at`);
    return { readings };
  },
});
