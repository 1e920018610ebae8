import type { Direct } from '../database/direct.ts';
import { dropForLoad, restoreAfterLoad, switchTriggers, type SetAside } from '../database/set-aside.ts';

/** Why a database is not filled; nothing was changed in it. */
export class DemoRefused extends Error {
  override name = 'DemoRefused';
}

/** Everything the demo bank fills or a demo's users leave behind. Reference data (currencies, limits, roles, transitions) stays. */
const filled = [
  'ops.cleanup_part', 'ops.cleanup', 'ops.schedule_run', 'ops.health_sample', 'ops.health_series', 'ops.health_watch', 'ops.alarm',
  'ops.backup', 'ops.drill', 'ops.run_step', 'ops.run', 'ops.host',
  'bank.transaction', 'bank.posting_refusal', 'bank.idempotency_key', 'bank.limit_counter', 'bank.limit_override', 'bank.document', 'bank.auth_session',
  'bank.auth_event', 'bank.password_reset', 'bank.password_history', 'bank.account', 'bank."user"',
  'ops.daily_item', 'ops.daily_coverage', 'ops.daily_review', 'ops.handover',
  'platform.event', 'ops.red_flag', 'ops.case_link', 'ops.rule_hit', 'ops.alert', 'ops.alert_snooze', 'ops.case_file', 'ops.dispute', 'ops.note', 'ops.flow_note', 'ops.flow', 'ops.security_event', 'ops.security_watch', 'platform.xp_event', 'ops.detection_run',
  'ops.transaction_flag', 'ops.hold', 'ops.audit', 'ops.notice', 'ops.action_run', 'ops.approval', 'ops.bulk_run', 'ops.incident_evidence_part', 'ops.incident_evidence',
  'ops.incident_notice', 'ops.incident_link', 'ops.incident_step', 'ops.incident', 'ops.write_window', 'ops.sign_in_attempt',
  'ops.recovery_code', 'ops.operator_credential', 'ops.machine_key', 'ops.machine', 'ops.access_review_item', 'ops.access_review', 'ops.role_grant', 'ops.operator_session', 'ops.operator_role',
  'ops.operator', 'platform.ip_rule', 'platform.role_grant', 'platform.invite_use', 'platform.invite', 'platform.setting_version', 'platform.maintenance', 'platform.demo_marker',
]; // prettier-ignore

/** Written to, but not emptied. */
const guarded = ['ops.audit_head', 'platform.setting', 'ops.schedule'];

const indexed = ['bank.transaction', 'bank.account', 'bank."user"', 'bank.auth_event', 'bank.document'];

/** Two programs that fill one database at once would each wait for the other's tables. */
const seedLock = 4_471_001;

/** Refuses whatever is not an empty database or, where it may be replaced, a demo bank. */
export const refuseForeign = async (client: Direct, replace: boolean): Promise<void> => {
  // Whoever has it fills a whole bank, which takes as long as the machine is slow
  await client.query("SET LOCAL lock_timeout = '5min'");
  await client.query('SELECT pg_advisory_xact_lock($1)', [seedLock]);
  const { rows: schema } = await client.query<{ ready: boolean }>(`SELECT to_regclass('platform.demo_marker') IS NOT NULL AS ready`);
  if (!schema[0]?.ready) throw new DemoRefused('This database has no tables yet. Run "bursar migrate" first.');
  const { rows } = await client.query<{ marked: boolean; holds: string | null }>(`
    SELECT EXISTS (SELECT FROM platform.demo_marker) AS marked,
           CASE WHEN EXISTS (SELECT FROM bank.transaction) THEN 'transactions' WHEN EXISTS (SELECT FROM bank.account) THEN 'accounts'
                WHEN EXISTS (SELECT FROM bank."user") THEN 'users' WHEN EXISTS (SELECT FROM ops.operator) THEN 'operators' END AS holds`);
  const found = rows[0];
  if (found?.marked && !replace) throw new DemoRefused('This database holds a demo bank already. Ask to replace it if it may be deleted.');
  if (!found?.marked && found?.holds) {
    throw new DemoRefused(
      `This database holds ${found.holds} that no demo put there: it may be a real bank and was not touched. Name an empty database.`,
    );
  }
};

/** Empties the tables, stops their triggers and takes indexes and foreign keys away, in the caller's transaction. */
export const clearAway = async (client: Direct): Promise<SetAside> => {
  await client.query("SET LOCAL lock_timeout = '20s'");
  await switchTriggers(client, [...filled, ...guarded], 'DISABLE');
  await client.query(`TRUNCATE ${filled.join(', ')} RESTART IDENTITY`);
  await client.query(`UPDATE ops.audit_head SET seq = 0, hash = '\\x00'`);
  return dropForLoad(client, { keysOf: filled.filter(table => table.startsWith('bank.')), indexesOf: indexed });
};

/** Brings indexes, foreign keys and triggers back. */
export const putBack = async (client: Direct, aside: SetAside, onStep: (done: number) => void): Promise<void> => {
  await restoreAfterLoad(client, aside, onStep);
  await switchTriggers(client, [...filled, ...guarded], 'ENABLE');
};

/** Rows were copied with their ids: the next one must not get a used id. */
export const advanceSequences = async (client: Direct): Promise<void> => {
  await client.query(`
    DO $$ DECLARE identity record; BEGIN
      FOR identity IN SELECT d.objid::regclass AS sequence, d.refobjid::regclass AS of, a.attname AS id
                        FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_class t ON t.oid = d.refobjid
                        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                       WHERE d.classid = 'pg_class'::regclass AND t.relnamespace IN ('bank'::regnamespace, 'ops'::regnamespace) LOOP
        EXECUTE format('SELECT setval(%L, coalesce(max(%I), 1), max(%I) IS NOT NULL) FROM %s', identity.sequence, identity.id, identity.id, identity.of);
      END LOOP;
    END $$`);
  await client.query(`SELECT setval('bank.account_number_seq', max(id)) FROM bank.account`);
};

/** Fresh statistics: without them the first pages would be planned for empty tables. */
export const analyze = async (client: Direct): Promise<void> => {
  await client.query(`ANALYZE ${filled.join(', ')}`);
};
