import type { Acting } from '../../src/kit/request.ts';
import { openOperatorSession, type TestOperator } from './acting.ts';
import type { ActingBank } from './acting-session.ts';

/** The roles of operators, from the highest; `owner` is whoever owns the database. */
export const roles = ['owner', 'admin', 'developer', 'manager', 'sysop', 'operations', 'analyst', 'support', 'auditor', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** For `aBank`: one operator for each role that is granted. */
export const onePerRole: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  roles.filter(role => role !== 'owner').map(role => [`one-${role}`, [role]]),
);

export type Person = { readonly operator: TestOperator; readonly acting: Acting };

/** Signs one person in for each role, with a write window and a fresh code. */
export const signInEach = async (world: ActingBank): Promise<(role: Role) => Person> => {
  const people = new Map<string, Person>();
  for (const role of roles) {
    if (role === 'owner') {
      const acting = await world.asOwner();
      const { id, name } = acting.operator;
      people.set(role, { operator: { id: String(id), name, token: acting.token }, acting });
      continue;
    }
    const [row] = await world.bank.rows<{ id: string }>('SELECT id FROM ops.operator WHERE name = $1', [`one-${role}`]);
    const id = row?.id ?? '';
    const operator = { id, name: `one-${role}`, token: await openOperatorSession(world.bank.db, id) };
    people.set(role, { operator, acting: await world.as(operator) });
  }
  return role => {
    const person = people.get(role);
    if (!person) throw new Error(`nobody has the role ${role}`);
    return person;
  };
};
