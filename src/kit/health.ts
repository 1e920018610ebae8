import type { Database } from '../database/client.ts';
import type { Reading } from '../domain/health.ts';
import type { ListedHost } from './hosts.ts';

/** What a console measures in turn with all others: the database once a minute, each host every five. */
export type HealthWatch = {
  /** How much was measured; 0 where another console did so within the minute. */
  readonly sample: () => Promise<number>;
  /** What only a console knows. */
  readonly tell: (readings: readonly Reading[]) => Promise<void>;
  /** The hosts that this console is to ask now; undefined where it may ask none. */
  readonly claimHosts?: () => Promise<readonly ListedHost[]>;
  /** Stores what a host said; dropped where its key was pinned anew meanwhile. */
  readonly report: (host: ListedHost, readings: readonly Reading[]) => Promise<void>;
};

type Row = {
  readonly id: bigint;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly fingerprint: string;
};

/** The health of a database, for the console of whoever has this token. */
export const healthOf = ({ writes }: Database, token: string, mayAskHosts: boolean): HealthWatch => {
  const report = async (host: bigint | null, pinned: string | null, readings: readonly Reading[]): Promise<void> => {
    await writes.$queryRaw`SELECT ops.report_health(${token}, ${host}::bigint, ${pinned}::text, ${JSON.stringify(readings)}::jsonb)`;
  };
  return {
    sample: async () => {
      const [row] = await writes.$queryRaw<{ kept: number }[]>`SELECT ops.sample_health(${token}) AS kept`;
      return row?.kept ?? 0;
    },
    tell: readings => report(null, null, readings),
    report: ({ id, pinned }, readings) => report(id, pinned, readings),
    ...(mayAskHosts
      ? {
          claimHosts: async () => {
            const rows = await writes.$queryRaw<
              Row[]
            >`SELECT id, name, address, port, username, fingerprint FROM ops.claim_unasked_hosts(${token})`;
            return rows.map(({ id, name, address, port, username, fingerprint }) => ({
              id,
              name,
              at: { address, port, user: username },
              pinned: fingerprint,
            }));
          },
        }
      : {}),
  };
};
