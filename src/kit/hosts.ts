import type { Database } from '../database/client.ts';
import type { HostState, RemoteAddress } from '../domain/remote-host.ts';

/** A host of the inventory, as a connection needs it. */
export type ListedHost = { readonly id: bigint; readonly name: string; readonly at: RemoteAddress; readonly pinned: string };

/** What came of asking a host. */
export type HostReport = { readonly state: HostState; readonly detail: string | null; readonly latencyMs: number | null };

/** The inventory of hosts, and what is found out about them. */
export type Hosts = {
  /** Those in use; with names only these, in their order. */
  readonly list: (names?: readonly string[]) => Promise<readonly ListedHost[]>;
  /** Stores what a host answered; dropped where its key was pinned anew meanwhile. */
  readonly report: (host: ListedHost, report: HostReport) => Promise<void>;
};

type Row = {
  readonly id: bigint;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly fingerprint: string;
};

/** The hosts of a database, for the console of whoever has this token. */
export const hostsOf = ({ reads, writes }: Database, token: string): Hosts => ({
  list: async names => {
    const rows = await reads.$queryRaw<Row[]>`
      SELECT id, name, address, port, username, fingerprint FROM ops.host
       WHERE retired_at IS NULL AND (${names === undefined} OR name = ANY (${[...(names ?? [])]}::text[])) ORDER BY name`;
    return rows.map(({ id, name, address, port, username, fingerprint }) => ({
      id,
      name,
      at: { address, port, user: username },
      pinned: fingerprint,
    }));
  },
  report: async ({ id, pinned }, { state, detail, latencyMs }) => {
    await writes.$queryRaw`SELECT ops.report_host(${token}, ${id}, ${pinned}, ${state}, ${detail}, ${latencyMs}::int)::text`;
  },
});
