import type { Db } from '../../database/client.ts';
import { meaning, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

export type MachineRow = Keyed & {
  readonly name: string;
  readonly place: string;
  /** None: from anywhere. */
  readonly networks: readonly string[];
  readonly addedAt: Date;
  readonly addedBy: string | null;
  readonly isActive: boolean;
  readonly version: number;
  readonly usedAt: Date | null;
  readonly usedFrom: string | null;
  readonly sessions: number;
  /** Of the key that stands; null where none does. */
  readonly fingerprint: string | null;
  readonly validUntil: Date | null;
  readonly now: Date;
};

const soon = `k.valid_until <= clock_timestamp() + interval '14 days'`;
const withKey = (condition: string): string =>
  `EXISTS (SELECT FROM ops.machine_key k WHERE k.operator_id = t.operator_id AND k.ended_at IS NULL AND ${condition})`;

export const machinePage = pageOf<MachineRow>({
  table: 'ops.machine',
  id: 'operator_id',
  select: `t.name, t.place, ARRAY(SELECT n::text FROM unnest(t.networks) n) AS networks, t.added_at AS "addedAt", c.name AS "addedBy", o.is_active AS "isActive", o.version,
    t.used_at AS "usedAt", host(t.used_from) AS "usedFrom", (SELECT s.sessions FROM ops.operator_standing(t.operator_id) s) AS sessions,
    k.fingerprint, k.valid_until AS "validUntil", clock_timestamp() AS now`,
  joins: `JOIN ops.operator o ON o.id = t.operator_id LEFT JOIN ops.operator c ON c.id = o.created_by
    LEFT JOIN LATERAL (SELECT h.fingerprint, h.valid_until FROM ops.machine_key h WHERE h.operator_id = t.operator_id AND h.ended_at IS NULL) k ON true`,
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: [`lower(t.name || ' ' || t.place) LIKE {contains}`] }),
    id: number('t.operator_id'),
    name: text('t.name', { sortable: true, like: ['t.name LIKE {contains}'] }),
    status: meaning({
      active: withKey('k.valid_until > clock_timestamp()'),
      'ends-soon': withKey(`k.valid_until > clock_timestamp() AND ${soon}`),
      ended: withKey('k.valid_until <= clock_timestamp()'),
      revoked: `NOT ${withKey('true')}`,
    }),
    added: time('t.added_at', { sortable: true }),
  },
});

export const findMachine = (db: Db, id: bigint): Promise<MachineRow | undefined> => machinePage.find(db, id);

/** Whether a name was given before: names are never given twice. */
export const isMachineNameTaken = async (db: Db, name: string): Promise<boolean> =>
  (await db.$queryRaw<unknown[]>`SELECT 1 AS one FROM ops.machine WHERE name = ${name}`).length > 0;

/** Whose key it was, whatever became of it; undefined for one that nobody saw. */
export const holderOfKey = async (db: Db, fingerprint: string): Promise<string | undefined> =>
  (
    await db.$queryRaw<{ name: string }[]>`
      SELECT m.name FROM ops.machine_key k JOIN ops.machine m ON m.operator_id = k.operator_id WHERE k.fingerprint = ${fingerprint}`
  )[0]?.name;

/** As many days as the key of a machine stands at most. */
export const longestStanding = async (db: Db): Promise<number> => {
  const [row] = await db.$queryRaw<{ days: number }[]>`SELECT platform.whole_setting('security.machine-days') AS days`;
  if (!row) throw new Error('there is no setting security.machine-days');
  return row.days;
};

export type MachineKey = {
  readonly fingerprint: string;
  readonly askedBy: string;
  readonly approvedAt: Date;
  readonly validUntil: Date;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
};

/** The keys of a machine, the newest first. */
export const keysOf = (db: Db, id: bigint): Promise<readonly MachineKey[]> => db.$queryRaw<MachineKey[]>`
  SELECT k.fingerprint, a.name AS "askedBy", k.approved_at AS "approvedAt", k.valid_until AS "validUntil", k.ended_at AS "endedAt", e.name AS "endedBy"
    FROM ops.machine_key k JOIN ops.operator a ON a.id = k.asked_by LEFT JOIN ops.operator e ON e.id = k.ended_by WHERE k.operator_id = ${id} ORDER BY k.id DESC LIMIT 20`;

type NewMachine = {
  readonly name: string;
  readonly place: string;
  readonly networks: readonly string[];
  readonly fingerprint: string;
  readonly days: number | undefined;
};

export const addMachine = async (db: Db, { name, place, networks, fingerprint, days }: NewMachine): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT ops.add_machine(${name}, ${place}, ${[...networks]}::text[], ${fingerprint}, ${days ?? null}::int) AS id`;
  if (!row) throw new Error('the database added a machine and returned none');
  return row.id;
};

type Changed = { readonly id: bigint; readonly version: number };

/** Gives until when the key stands. */
export const rotateMachine = async (
  db: Db,
  { id, version }: Changed,
  key: { readonly fingerprint: string; readonly days: number | undefined },
): Promise<Date> => {
  const [row] = await db.$queryRaw<{ until: Date }[]>`
    SELECT ops.rotate_machine(${id}, ${version}::int, ${key.fingerprint}, ${key.days ?? null}::int) AS until`;
  if (!row) throw new Error('the database rotated a key and said nothing');
  return row.until;
};

/** Gives how many sessions ended. */
export const revokeMachine = async (db: Db, { id, version }: Changed): Promise<number> =>
  (await db.$queryRaw<{ ended: number }[]>`SELECT ops.revoke_machine(${id}, ${version}::int) AS ended`)[0]?.ended ?? 0;
