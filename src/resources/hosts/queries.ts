import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import { hostEnvironments, hostStates, type HostEnvironment, type HostState } from '../../domain/remote-host.ts';

export type HostRow = Keyed & {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly fingerprint: string;
  readonly pinnedBy: string;
  readonly pinnedAt: Date;
  readonly environment: HostEnvironment;
  readonly tags: readonly string[];
  readonly addedBy: string;
  readonly addedAt: Date;
  readonly retiredAt: Date | null;
  readonly state: HostState;
  readonly detail: string | null;
  readonly latencyMs: number | null;
  readonly askedAt: Date | null;
  readonly upAt: Date | null;
  /** Whole days since the key was pinned. */
  readonly keyDays: number;
  readonly version: number;
};

export const hostPage = pageOf<HostRow>({
  table: 'ops.host',
  select: `t.name, t.address, t.port, t.username, t.fingerprint, p.name AS "pinnedBy", t.pinned_at AS "pinnedAt", t.environment, t.tags, a.name AS "addedBy", t.added_at AS "addedAt",
    t.retired_at AS "retiredAt", t.state, t.detail, t.latency_ms AS "latencyMs", t.asked_at AS "askedAt", t.up_at AS "upAt", t.version,
    extract(day FROM clock_timestamp() - t.pinned_at)::int AS "keyDays"`,
  joins: 'JOIN ops.operator p ON p.id = t.pinned_by JOIN ops.operator a ON a.id = t.added_by',
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: ['t.name LIKE {contains}'] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true }),
    address: text('t.address'),
    tag: text('t.name', { exact: ['t.tags @> ARRAY[{text}]'] }),
    environment: oneOf('t.environment', hostEnvironments),
    state: oneOf('t.state', hostStates),
    status: meaning({ 'in use': 't.retired_at IS NULL', retired: 't.retired_at IS NOT NULL' }),
    trouble: flag(`t.retired_at IS NULL AND t.state NOT IN ('up', 'not asked')`),
    added: time('t.added_at', { sortable: true }),
  },
});

export const findHost = (db: Db, id: bigint): Promise<HostRow | undefined> => hostPage.find(db, id);

export type NamedHost = Pick<HostRow, 'id' | 'name' | 'environment' | 'retiredAt'>;

export const findHostsByName = (db: Db, names: readonly string[]): Promise<readonly NamedHost[]> =>
  db.$queryRaw<NamedHost[]>`SELECT id, name, environment, retired_at AS "retiredAt" FROM ops.host WHERE name = ANY (${[...names]}::text[])`;

export const isHostNameTaken = async (db: Db, name: string): Promise<boolean> => {
  const [row] = await db.$queryRaw<{ taken: boolean }[]>`SELECT EXISTS (SELECT FROM ops.host WHERE name = ${name}) AS taken`;
  return row?.taken === true;
};

export type NewHost = Pick<HostRow, 'name' | 'address' | 'port' | 'username' | 'fingerprint' | 'environment' | 'tags'>;

export const addHost = async (db: Db, host: NewHost): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM ops.add_host(${host.name}, ${host.address}, ${host.port}::int, ${host.username}, ${host.fingerprint}, ${host.environment}, ${[...host.tags]}::text[])`;
  if (!row) throw new Error('the host was not added');
  return row.id;
};

export const repinHost = async (db: Db, host: HostRow, fingerprint: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.repin_host(${host.id}, ${fingerprint}, ${host.version}::int)`;
};

export const editHost = async (db: Db, host: HostRow, { environment, tags }: Pick<HostRow, 'environment' | 'tags'>): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.edit_host(${host.id}, ${environment}, ${[...tags]}::text[], ${host.version}::int)`;
};

export const setHostRetired = async (db: Db, host: HostRow, retired: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.set_host_retired(${host.id}, ${retired}, ${host.version}::int)`;
};
