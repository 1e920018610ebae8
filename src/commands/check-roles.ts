import type { Config } from '../config.ts';
import type { Direct } from '../database/direct.ts';
import { rightsProblems, rolesExist } from '../database/rights.ts';
import { fail, ok, warn, type Check } from './check.ts';
import { loginsOf } from './logins.ts';

const makeThem = 'run "bursar migrate --roles", see docs/DATABASE-ROLES.md';
/** More are told by the command that puts them right. */
const mostTold = 5;

/** Whether the database keeps each login to what it may do, and the console uses the login that is meant for it. */
export const checkRoles = async (connection: Direct, config: Config): Promise<readonly Check[]> => {
  if (!(await rolesExist(connection)))
    return [warn('roles', 'the console connects with the rights of the owner: there are no roles', makeThem)];
  const problems = await rightsProblems(connection);
  const more = problems.length - mostTold;
  if (problems.length > 0) {
    return [
      ...problems.slice(0, mostTold).map(problem => fail('roles', problem, makeThem)),
      ...(more > 0 ? [fail('roles', `${more.toLocaleString('en')} more rights are not as they should be`, makeThem)] : []),
    ];
  }
  if (config.databaseUrl === undefined) return [ok('roles', 'each login has the rights it needs and no others')];
  const { asOwner } = await loginsOf({ url: config.databaseUrl, embedded: false, release: async () => undefined }, config, false);
  return [
    asOwner
      ? warn(
          'roles',
          'the console connects as the owner: bursar_operator cannot',
          'let bursar_operator connect, and name it in DATABASE_URL',
        )
      : ok('roles', 'each login has the rights it needs and no others'),
  ];
};
