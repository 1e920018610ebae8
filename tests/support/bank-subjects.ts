import { randomUUID } from 'node:crypto';
import { act, toStatus, type Bank } from './acting.ts';
import { post } from './posting.ts';
import type { Prepare } from './every-action.ts';

export const note = 'done by a test of every action';

export const unique = (prefix: string): string => `${prefix}${randomUUID().slice(0, 13)}`;

/** Writes one row with triggers and foreign keys off; gives its id, or another column. */
export const planted = async (bank: Bank, insert: string, values: unknown[] = [], column = 'id'): Promise<string> => {
  await bank.rows('SET session_replication_role = replica');
  try {
    const [row] = await bank.rows<Record<string, string>>(`${insert} RETURNING ${column}::text AS id`, values);
    return row?.['id'] ?? '';
  } finally {
    await bank.rows('SET session_replication_role = origin');
  }
};

type UserStatus = 'invited' | 'active' | 'locked' | 'deactivated';

export const aUser = (bank: Bank, status: UserStatus, role = 'customer'): Promise<string> =>
  planted(
    bank,
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ($1, $1 || '@mail.example', 'Grace', 'Hopper', $3, $2)`,
    [unique('u'), status, role],
  );

const aTransaction = async (bank: Bank): Promise<string> => {
  const account = await bank.account();
  const { transaction_id: id } = await post(bank.db, { type: 'deposit', to: account.id, amount: 1_000 });
  return id ?? '';
};

/** A session of a user, by its place in the list of all sessions. */
const aSession = (bank: Bank, user: string): Promise<string> =>
  planted(bank, `INSERT INTO bank.auth_session (user_id, device, ip) VALUES ($1, 'a browser', '10.0.0.9')`, [user], '(number * 2)');

/** What is done to accounts, users and transactions. */
export const bankSubjects: Readonly<Record<string, Prepare>> = {
  'accounts.approve': async ({ bank }) => ({ id: (await bank.account({ status: 'pending' })).id, note }),
  'accounts.reject': async ({ bank }) => ({ id: (await bank.account({ status: 'pending' })).id, ground: 'withdrawn', note }),
  'accounts.freeze': async ({ bank }) => ({ id: (await bank.account()).id, ground: 'compliance', note }),
  'accounts.unfreeze': async ({ bank }) => ({ id: (await bank.account({ status: 'frozen' })).id, findings: note, resolved: 'yes' }),
  'accounts.close': async ({ bank }) => ({ id: (await bank.account()).id, ground: 'request', note }),
  'accounts.retract-freeze': async ({ bank }, doer) => {
    const { id } = await bank.account();
    await toStatus(bank.db, doer, id, 'frozen');
    return { id, findings: note };
  },
  'accounts.retract-approval': async ({ bank }, doer) => {
    const { id } = await bank.account({ status: 'pending' });
    await toStatus(bank.db, doer, id, 'active');
    return { id, note };
  },
  'users.create': async () => {
    const username = unique('n');
    return { username, email: `${username}@mail.example`, firstName: 'Mary', lastName: 'Somerville', note };
  },
  'users.edit': async ({ bank }) => {
    const id = await aUser(bank, 'active');
    return { id, email: `edited${id}@mail.example`, firstName: 'Grace', lastName: 'Hopper', note };
  },
  'users.activate': async ({ bank }) => ({ id: await aUser(bank, 'invited'), note }),
  'users.deactivate': async ({ bank }) => ({ id: await aUser(bank, 'active'), note }),
  'users.lock': async ({ bank }) => ({ id: await aUser(bank, 'active'), note }),
  'users.unlock': async ({ bank }) => ({ id: await aUser(bank, 'locked'), note }),
  'users.change-role': async ({ bank }) => ({ id: await aUser(bank, 'active', 'viewer'), role: 'customer', note }),
  'users.grant-role': async ({ bank }) => ({ id: await aUser(bank, 'active'), role: 'banking-staff', note }),
  'users.reset-password': async ({ bank }) => ({ id: await aUser(bank, 'active'), note }),
  'users.end-sessions': async ({ bank }) => {
    const id = await aUser(bank, 'active');
    await aSession(bank, id);
    return { id, note };
  },
  'sessions.end': async ({ bank }) => ({ id: await aSession(bank, await aUser(bank, 'active')), note }),
  'sign-ins.block': async ({ bank }) => {
    const insert = `INSERT INTO bank.auth_event (type, username, ip) VALUES ('login_failure', $1, '203.0.113.9')`;
    return { id: await planted(bank, insert, [unique('s')]), note };
  },
  'transactions.flag': async ({ bank }) => ({ id: await aTransaction(bank), note }),
  'transactions.unflag': async ({ bank }) => {
    const id = await aTransaction(bank);
    await act(bank.db, bank.one, 'transactions.flag', db => db.query('SELECT ops.flag_transaction($1, $2)', [id, note]));
    return { id, note };
  },
};

/** The same records as they must be for the action to take two people. */
export const bankSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'users.activate': async ({ bank }) => ({ id: await aUser(bank, 'deactivated'), note }),
  'users.change-role': async ({ bank }) => ({ id: await aUser(bank, 'active', 'viewer'), role: 'designer', note }),
  'users.grant-role': async ({ bank }) => ({ id: await aUser(bank, 'active'), role: 'afterresume-admin', note }),
  'users.reset-password': async ({ bank }) => {
    const id = await aUser(bank, 'active');
    await bank.behindItsBack('UPDATE bank."user" SET email_changed_at = clock_timestamp() WHERE id = $1', [id]);
    return { id, note };
  },
};
