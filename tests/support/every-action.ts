import { randomUUID } from 'node:crypto';
import type { Typed } from '../../src/kit/request.ts';
import { act, toStatus, type Bank, type TestOperator } from './acting.ts';
import { post } from './posting.ts';

const note = 'done by a test of every action';

const aUser = async (bank: Bank, status: 'invited' | 'active' | 'locked' | 'deactivated'): Promise<string> => {
  const username = `u${randomUUID().slice(0, 13)}`;
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ($1, $1 || '@mail.example', 'Grace', 'Hopper', 'customer', $2)`,
    [username, status],
  );
  const [row] = await bank.rows<{ id: string }>('SELECT id FROM bank."user" WHERE username = $1', [username]);
  return row?.id ?? '';
};

const aTransaction = async (bank: Bank): Promise<string> => {
  const account = await bank.account();
  const { transaction_id: id } = await post(bank.db, { type: 'deposit', to: account.id, amount: 1_000 });
  return id ?? '';
};

/** A notice that was given up, made behind the outbox's back. */
const aDeadNotice = async (bank: Bank): Promise<string> => {
  const id = randomUUID();
  await bank.behindItsBack(
    `INSERT INTO ops.notice (id, template, channel, recipient, subject, body, about_entity, about_id, created_by, request_id, status, attempts, last_error)
     VALUES ($1, 'account-frozen', 'email', 'ada@mail.example', 'Your account is frozen', 'Your account is frozen.', 'account', '1', $2, $1, 'dead', 8, 'refused')`,
    [id, bank.one.id],
  );
  const [row] = await bank.rows<{ number: string }>('SELECT number FROM ops.notice WHERE id = $1', [id]);
  return row?.number ?? '';
};

/** Makes a record that the action can be done to, and gives what a person types; `doer` is who did what is taken back. */
type Prepare = (bank: Bank, doer: TestOperator) => Promise<Typed>;

/** One for every action of the registry; a test fails where one is missing. */
export const subjects: Readonly<Record<string, Prepare>> = {
  'accounts.approve': async bank => ({ id: (await bank.account({ status: 'pending' })).id, note }),
  'accounts.reject': async bank => ({ id: (await bank.account({ status: 'pending' })).id, ground: 'withdrawn', note }),
  'accounts.freeze': async bank => ({ id: (await bank.account()).id, ground: 'compliance', note }),
  'accounts.unfreeze': async bank => ({ id: (await bank.account({ status: 'frozen' })).id, findings: note, resolved: 'yes' }),
  'accounts.close': async bank => ({ id: (await bank.account()).id, ground: 'request', note }),
  'accounts.retract-freeze': async (bank, doer) => {
    const { id } = await bank.account();
    await toStatus(bank.db, doer, id, 'frozen');
    return { id, findings: note };
  },
  'accounts.retract-approval': async (bank, doer) => {
    const { id } = await bank.account({ status: 'pending' });
    await toStatus(bank.db, doer, id, 'active');
    return { id, note };
  },
  'users.create': async () => {
    const username = `n${randomUUID().slice(0, 13)}`;
    return { username, email: `${username}@mail.example`, firstName: 'Mary', lastName: 'Somerville', note };
  },
  'users.edit': async bank => {
    const id = await aUser(bank, 'active');
    return { id, email: `edited${id}@mail.example`, firstName: 'Grace', lastName: 'Hopper', note };
  },
  'users.activate': async bank => ({ id: await aUser(bank, 'invited'), note }),
  'users.deactivate': async bank => ({ id: await aUser(bank, 'active'), note }),
  'users.lock': async bank => ({ id: await aUser(bank, 'active'), note }),
  'users.unlock': async bank => ({ id: await aUser(bank, 'locked'), note }),
  'transactions.flag': async bank => ({ id: await aTransaction(bank), note }),
  'transactions.unflag': async bank => {
    const id = await aTransaction(bank);
    await act(bank.db, bank.one, 'transactions.flag', db => db.query('SELECT ops.flag_transaction($1, $2)', [id, note]));
    return { id, note };
  },
  'notices.retry': async bank => ({ id: await aDeadNotice(bank), note }),
  'notices.cancel': async bank => ({ id: await aDeadNotice(bank), note }),
};

/** A fingerprint of every table, by name. */
export const tables = async (bank: Bank): Promise<Readonly<Record<string, string>>> => {
  const names = await bank.rows<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform') ORDER BY 1`,
  );
  const each = names.map(
    ({ name }) => `SELECT '${name}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS print FROM ${name} t`,
  );
  const prints = await bank.rows<{ name: string; print: string }>(each.join(' UNION ALL '));
  return Object.fromEntries(prints.map(({ name, print }) => [name, print]));
};

/** The tables that are not as they were. */
export const changed = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(after).filter(name => before[name] !== after[name]);
