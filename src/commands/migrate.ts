import { migrate, migrationStatus } from '../database/migrate.ts';
import { applyRights, rolesExist } from '../database/rights.ts';
import { exitCode } from '../cli/exit-code.ts';
import { invalid } from '../domain/outcome.ts';
import { refuse } from '../cli/answer.ts';
import { toJson } from '../kit/export.ts';
import type { Direct } from '../database/direct.ts';
import { catchUp } from '../maintenance/restore/catch-up.ts';
import type { Command } from './command.ts';
import { withDatabase } from './with-database.ts';

/** Roles are made where they are asked for; where they exist, what a migration made gets its rights at once. */
const giveRights = async (connection: Direct, wanted: boolean): Promise<readonly string[]> => {
  if (!wanted && !(await rolesExist(connection))) return [];
  const changes = await applyRights(connection);
  return wanted ? [`the database roles have their rights: ${changes.toLocaleString('en')} changes`] : [];
};

/** `bursar migrate`: applies what is pending; `--status` only says what is. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'apply pending migrations to the database, or say with --status which there are',
  flags: [
    { name: 'roles', help: 'make the database roles as well; see docs/DATABASE-ROLES.md' },
    { name: 'status', help: 'change nothing; exit 1 when something is pending, failed or edited' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, context) => {
    const { migrations, streams } = context;
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('migrate takes no words'));
    const asked = flags['roles'] === 'yes';
    if (asked && flags['status'] === 'yes')
      return refuse(streams, json, invalid('--roles makes and --status only looks: take one of them'));
    return withDatabase(context, { name: 'migrate', readOnly: false, purpose: 'owner' }, async (connection, url) => {
      const applied = flags['status'] === 'yes' ? [] : await migrate(connection, migrations);
      const rights = flags['status'] === 'yes' ? [] : await giveRights(connection, asked);
      const { home } = context.config;
      const caughtUp = flags['status'] === 'yes' ? [] : await catchUp({ home, migrations, databaseUrl: async () => url });
      const status = await migrationStatus(connection, migrations);
      const lines = [
        ...applied.map(name => `applied ${name}`),
        ...rights,
        ...caughtUp,
        ...(flags['status'] === 'yes' ? status.applied.map(name => `applied ${name}`) : []),
        ...status.pending.map(name => `pending ${name}`),
        ...status.failed.map(({ name }) => `FAILED ${name}`),
        ...status.edited.map(name => `EDITED after it was applied: ${name}`),
        ...status.unknown.map(name => `UNKNOWN to this program: ${name}`),
      ];
      const sound = status.pending.length + status.failed.length + status.edited.length + status.unknown.length === 0;
      if (json) await streams.write(`${toJson({ ok: sound, newlyApplied: applied, ...status }, 2)}\n`);
      else await streams.write(lines.length === 0 ? 'nothing is pending\n' : `${lines.join('\n')}\n`);
      return sound ? exitCode.done : exitCode.failed;
    });
  },
};
