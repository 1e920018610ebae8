import { randomUUID } from 'node:crypto';
import { fingerprintOfKey } from '../../src/domain/machine.ts';
import { act, hashOf, openOperatorSession, type Bank } from './acting.ts';
import { aUser, note, planted, unique } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

type OperatorWish = { readonly active?: boolean; readonly roles?: readonly string[]; readonly session?: boolean };

/** An operator of lower rank with an address, whom nobody asked for anything yet. */
const anOperator = async (bank: Bank, { active = true, roles = ['viewer'], session = false }: OperatorWish = {}): Promise<string> => {
  const id = await planted(
    bank,
    `INSERT INTO ops.operator (name, display_name, email, is_active) VALUES ($1, $1, $1 || '@bank.example', $2)`,
    [unique('o'), active],
  );
  for (const role of roles) {
    const expires = role === 'developer' ? `clock_timestamp() + interval '1 hour'` : 'NULL';
    for (const table of ['operator_role', 'role_grant'])
      await bank.behindItsBack(`INSERT INTO ops.${table} (operator_id, role, granted_at, expires_at) VALUES ($1, $2, now(), ${expires})`, [
        id,
        role,
      ]);
  }
  if (session) await openOperatorSession(bank.db, id);
  return id;
};

/** While this one is open the glass may be broken and a developer let in. */
export const openIncident = async (bank: Bank): Promise<void> => {
  const open = await bank.rows(`SELECT FROM ops.incident WHERE status = 'open' AND title = 'An incident that stays'`);
  if (open.length > 0) return;
  await planted(bank, `INSERT INTO ops.incident (level, kind, title, opened_by) VALUES (2, 'security', 'An incident that stays', $1)`, [
    bank.one.id,
  ]);
};

const founding = async (bank: Bank): Promise<void> => {
  // before there are two administrators who can sign in
  await bank.behindItsBack('UPDATE ops.operator SET is_active = false WHERE id IN (SELECT operator_id FROM ops.operator_credential)');
};

const aRule = (bank: Bank, kind: 'allow' | 'block'): Promise<string> =>
  planted(
    bank,
    `INSERT INTO platform.ip_rule (kind, network, scope, reason, created_by, expires_at)
     VALUES ($1, '198.51.100.0/24', 'platform', 'planted by a test', $2, clock_timestamp() + interval '1 day')`,
    [kind, bank.two.id],
  );

const settingId = async (bank: Bank, key: string): Promise<string> =>
  (await bank.rows<{ id: string }>('SELECT id FROM platform.setting WHERE key = $1', [key]))[0]?.id ?? '';

/** A number that takes two people to change, which nobody asked to change yet, and another value for it. */
const aSecuritySetting = async (bank: Bank): Promise<{ readonly id: string; readonly key: string; readonly other: string }> => {
  const [row] = await bank.rows<{ id: string; key: string; other: string }>(
    `SELECT id, key, (CASE WHEN value::int < max THEN value::int + 1 ELSE value::int - 1 END)::text AS other FROM platform.setting s
      WHERE category = 'security' AND type = 'integer' AND NOT EXISTS (SELECT FROM ops.approval a WHERE a.entity = 'setting' AND a.entity_id = s.id::text AND a.status = 'pending')
      ORDER BY key LIMIT 1`,
  );
  if (!row) throw new Error('somebody asked to change every security setting');
  return row;
};

/** A role of the platform's users, of a level that one person may grant. */
const aRole = (bank: Bank, active = true): Promise<string> =>
  planted(bank, `INSERT INTO platform.role (slug, name, profile, level, is_active) VALUES ($1, 'A role of a test', 'banking', 7, $2)`, [
    unique('r'),
    active,
  ]);

/** A grant of a role, by its place in the list of all grants. */
const aGrant = async (bank: Bank, role?: string): Promise<string> => {
  const values = [await aUser(bank, 'active'), role ?? (await aRole(bank)), bank.two.id];
  return planted(bank, `INSERT INTO platform.role_grant (user_id, role_id, granted_by) VALUES ($1, $2, $3)`, values, '(id * 2)');
};

const aHeldRole = async (bank: Bank, active = true): Promise<string> => {
  const id = await aRole(bank, active);
  await aGrant(bank, id);
  return id;
};

/** No review of a kind stays open: there is one at a time. */
const closeReviews = (bank: Bank): Promise<void> =>
  bank.behindItsBack(
    'UPDATE ops.access_review SET closed_at = now(), closed_by = opened_by, kept = items, result_hash = $1 WHERE closed_at IS NULL',
    [hashOf('closed')],
  );

const aReview = async (bank: Bank, items: number): Promise<string> => {
  await closeReviews(bank);
  return planted(
    bank,
    `INSERT INTO ops.access_review (kind, title, opened_by, since, items) VALUES ('monthly', 'Review of a test', $1, now(), $2)`,
    [bank.two.id, items],
  );
};

const aReviewItem = async (bank: Bank): Promise<string> => {
  const user = await aUser(bank, 'active', 'viewer');
  return planted(
    bank,
    `INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, inactive_days)
     VALUES ($1, 'user', $2, 'user', $2, 'somebody', 'viewer', false, 0)`,
    [await aReview(bank, 1), user],
  );
};

const aNotice = (bank: Bank, status: 'dead' | 'waiting'): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.notice (template, channel, recipient, subject, body, about_entity, about_id, status, last_error, created_by, request_id)
     VALUES ('account-frozen', 'email', 'x@mail.example', 'planted', 'planted', 'account', '1', $1, 'planted', $2, gen_random_uuid())`,
    [status, bank.two.id],
    'number',
  );

const codeHash = 'ab'.repeat(32);

const aFingerprint = (): string => fingerprintOfKey(randomUUID());

/** A machine whose key nobody has. */
const aMachine = async (bank: Bank): Promise<string> => {
  const name = unique('m');
  const id = await planted(bank, 'INSERT INTO ops.operator (name, display_name) VALUES ($1, $1)', [`machine.${name}`]);
  await planted(bank, `INSERT INTO ops.machine (operator_id, name, place) VALUES ($1, $2, 'a host of a test')`, [id, name], 'operator_id');
  return planted(
    bank,
    `INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, valid_until) VALUES ($1, $2, $3, now() + interval '80 days')`,
    [id, aFingerprint(), bank.one.id],
    'operator_id',
  );
};

/** What is done to operators, machines, roles, addresses, settings, reviews and notices. */
export const accessSubjects: Readonly<Record<string, Prepare>> = {
  'operators.create': async () => {
    const name = unique('n');
    return { name, displayName: 'New One', email: `${name}@bank.example`, roles: 'viewer', note };
  },
  'operators.edit': async ({ bank }) => {
    const id = await anOperator(bank);
    return { id, displayName: 'Another name', email: `edited${id}@bank.example`, note };
  },
  'operators.enable': async ({ bank }) => ({ id: await anOperator(bank, { active: false }), note }),
  'operators.disable': async ({ bank }) => ({ id: await anOperator(bank), note }),
  'operators.grant-role': async ({ bank }) => ({ id: await anOperator(bank), role: 'auditor', note }),
  'operators.revoke-role': async ({ bank }) => ({ id: await anOperator(bank), role: 'viewer', note }),
  'operators.grant-developer': async ({ bank }) => {
    await openIncident(bank);
    return { id: await anOperator(bank), note };
  },
  'operators.end-developer': async ({ bank }) => ({ id: await anOperator(bank, { roles: ['viewer', 'developer'] }), note }),
  'operators.reset': async ({ bank }) => ({ id: await anOperator(bank), note }),
  'operators.end-sessions': async ({ bank }) => ({ id: await anOperator(bank, { session: true }), note }),
  'machines.add': async () => ({ name: unique('m'), place: 'a host of a test', fingerprint: aFingerprint(), note }),
  'machines.rotate': async ({ bank }) => ({ id: await aMachine(bank), fingerprint: aFingerprint(), note }),
  'machines.revoke': async ({ bank }) => ({ id: await aMachine(bank), note }),
  'operators.found': async ({ bank }) => {
    await founding(bank);
    return { name: `founded-${randomUUID().slice(0, 8)}`, displayName: 'The First', codeHash, note };
  },
  'operators.recover': async ({ bank }) => ({ id: await anOperator(bank, { roles: ['admin'] }), codeHash, note }),
  'sessions.end-operator': async ({ bank }) => {
    const operator = await anOperator(bank, { session: true });
    const [row] = await bank.rows<{ id: string }>('SELECT number * 2 + 1 AS id FROM ops.operator_session WHERE operator_id = $1', [
      operator,
    ]);
    return { id: row?.id ?? '', note };
  },
  'invites.create': async () => ({ email: `${unique('i')}@mail.example`, role: 'customer', note }),
  'invites.revoke': async ({ bank }) => ({
    id: await planted(
      bank,
      `INSERT INTO platform.invite (code_hash, code_hint, email, role, created_by, expires_at)
       VALUES ($1, 'abcd', 'invited@mail.example', 'customer', $2, clock_timestamp() + interval '1 day')`,
      [hashOf(randomUUID()), bank.two.id],
    ),
    note,
  }),
  'ip-rules.block': async () => ({ network: `203.0.113.${1 + Math.floor(Math.random() * 250)}`, note }),
  'ip-rules.allow': async ({ bank }) => {
    await bank.behindItsBack('DELETE FROM platform.ip_rule');
    return { network: `192.0.2.${1 + Math.floor(Math.random() * 250)}`, scope: 'platform', note };
  },
  'ip-rules.remove': async ({ bank }) => ({ id: await aRule(bank, 'block'), note }),
  'settings.edit': async ({ bank }) => ({ id: await settingId(bank, 'platform.name'), value: unique('Bank '), note }),
  'settings.revert': async ({ bank }) => {
    const change = `SELECT platform.set_setting('platform.name', to_jsonb($1::text), s.version) FROM platform.setting s WHERE key = 'platform.name'`;
    await act(bank.db, bank.one, 'settings.edit', db => db.query(change, [unique('Bank ')]));
    return { id: await settingId(bank, 'platform.name'), to: '0', note };
  },
  'grants.grant': async ({ bank }) => {
    const [row] = await bank.rows<{ username: string }>('SELECT username FROM bank."user" WHERE id = $1', [await aUser(bank, 'active')]);
    return { username: row?.username ?? '', role: 'banking-staff', note };
  },
  'grants.revoke': async ({ bank }) => ({ id: await aGrant(bank), note }),
  'roles.create': async () => ({ slug: unique('r'), name: 'A role of a test', profile: 'banking', level: '7', note }),
  'roles.edit': async ({ bank }) => ({ id: await aRole(bank), name: 'Another name', type: 'general', level: '7', moduleAdmin: 'no', note }),
  'roles.set-permissions': async ({ bank }) => ({ id: await aRole(bank), permissions: 'banking.account.view', note }),
  'roles.retire': async ({ bank }) => ({ id: await aRole(bank), note }),
  'roles.restore': async ({ bank }) => ({ id: await aRole(bank, false), note }),
  'reviews.open': async ({ bank }) => {
    await closeReviews(bank);
    return { kind: 'monthly', title: 'Review of a test', note };
  },
  'reviews.close': async ({ bank }) => ({ id: await aReview(bank, 0), note }),
  'review-items.keep': async ({ bank }) => ({ id: await aReviewItem(bank), note }),
  'review-items.revoke': async ({ bank }) => ({ id: await aReviewItem(bank), note }),
  'notices.retry': async ({ bank }) => ({ id: await aNotice(bank, 'dead'), note }),
  'notices.cancel': async ({ bank }) => ({ id: await aNotice(bank, 'waiting'), note }),
};

/** The same records as they must be for the action to take two people. */
export const accessSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'invites.create': async () => ({ email: `${unique('i')}@mail.example`, role: 'designer', note }),
  'ip-rules.remove': async ({ bank }) => {
    await bank.behindItsBack('DELETE FROM platform.ip_rule');
    return { id: await aRule(bank, 'allow'), note };
  },
  'settings.edit': async ({ bank }) => {
    const { id, other } = await aSecuritySetting(bank);
    return { id, value: other, note };
  },
  'settings.revert': async ({ bank }) => {
    const { id, key, other } = await aSecuritySetting(bank);
    const [row] = await bank.rows<{ version: string }>(
      'SELECT max(version)::text AS version FROM platform.setting_version WHERE key = $1',
      [key],
    );
    await bank.behindItsBack('UPDATE platform.setting SET value = to_jsonb($2::int), version = version + 1 WHERE key = $1', [key, other]);
    await bank.behindItsBack(
      'INSERT INTO platform.setting_version (key, version, value) SELECT key, version, value FROM platform.setting WHERE key = $1',
      [key],
    );
    return { id, to: row?.version ?? '', note };
  },
  'grants.grant': async world => ({ ...(await accessSubjects['grants.grant']?.(world, world.bank.one)), role: 'afterresume-admin' }),
  'roles.set-permissions': async ({ bank }) => ({ id: await aHeldRole(bank), permissions: 'banking.account.view', note }),
  'roles.restore': async ({ bank }) => ({ id: await aHeldRole(bank, false), note }),
};
