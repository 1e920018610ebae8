import { readGuards } from '../database/audit-chain.ts';
import type { Direct } from '../database/direct.ts';
import { readMigrations } from '../database/migration-files.ts';

/** What is not as the migrations made it: rewritten functions, triggers that were switched off. Empty in a sound database. */
export const guardProblems = async (connection: Direct, migrations: string): Promise<readonly string[]> => {
  const [{ functions, disabled }, files] = await Promise.all([readGuards(connection), readMigrations(migrations)]);
  const made = files.map(({ script }) => script.replaceAll('\r\n', '\n')).join('\n');
  const foreign = functions.filter(({ source }) => !made.includes(source.replaceAll('\r\n', '\n')));
  return [
    ...foreign.map(({ name }) => `function ${name} is not the one that the migrations made`),
    ...disabled.map(name => `trigger ${name} is switched off`),
  ];
};
