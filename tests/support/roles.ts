import { randomUUID } from 'node:crypto';
import { act, type Bank, type TestOperator } from './acting.ts';

type Wish = { readonly until?: string; readonly tenant?: string; readonly db?: Bank['db']; readonly operator?: TestOperator };

/** What tests do with the roles of a bank's users. */
export const rolesIn = (bank: Bank) => {
  const roleId = async (slug: string): Promise<string> =>
    (await bank.rows<{ id: string }>('SELECT id FROM platform.role WHERE slug = $1', [slug]))[0]?.id ?? '';
  return {
    roleId,
    /** An active user of the platform. */
    aUser: async (role = 'customer', email?: string): Promise<string> => {
      const name = `p${randomUUID().slice(0, 13)}`;
      await bank.behindItsBack(
        `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ($1, $2, 'Mary', 'Somerville', $3, 'active')`,
        [name, email ?? `${name}@mail.example`, role],
      );
      return (await bank.rows<{ id: string }>('SELECT id FROM bank."user" WHERE username = $1', [name]))[0]?.id ?? '';
    },
    /** Grants by the contract; gives the grant's id. */
    grant: async (user: string, slug: string, { until, tenant = '', db = bank.db, operator = bank.one }: Wish = {}): Promise<string> => {
      const role = await roleId(slug);
      const { rows } = await act(db, operator, 'grants.grant', () =>
        db.query<{ id: string }>('SELECT id FROM platform.grant_role($1, $2, $3, $4)', [user, role, tenant, until ?? null]),
      );
      return rows[0]?.id ?? '';
    },
    revoke: (id: string) => act(bank.db, bank.one, 'grants.revoke', db => db.query('SELECT platform.revoke_grant($1)', [id])),
  };
};
