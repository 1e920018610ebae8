import { z } from 'zod';
import { openDirect } from '../database/direct.ts';
import { migrate, migrationStatus } from '../database/migrate.ts';
import { applyRights, rolesExist } from '../database/rights.ts';
import { defineWork, WorkRefused } from './define-work.ts';
import { catchUp } from './restore/catch-up.ts';

/** Shows or applies what is pending. Each migration is one transaction: killed in the middle it leaves all of one or nothing, and the next start goes on. */
export const migrationsWork = defineWork({
  name: 'migrations',
  summary: 'show or apply the migrations of the database',
  input: z.object({ what: z.enum(['show', 'apply', 'make']).default('show').meta({ title: 'show, apply or make' }) }),
  run: async ({ what }, { databaseUrl, migrations, progress, home }) => {
    if (what === 'make') {
      throw new WorkRefused(
        'migrations are made by developers, with the sources and a review, and come with a release: a host that made its own would have a schema that no other has',
      );
    }
    const connection = await openDirect(
      await databaseUrl(),
      { applicationName: 'bursar maintain migrations', readOnly: what === 'show' },
      () => undefined, // the statement that notices throws it
    );
    try {
      const applied = what === 'apply' ? await migrate(connection, migrations) : [];
      for (const name of applied) progress(1, `applied ${name}`);
      if (applied.length > 0 && (await rolesExist(connection))) await applyRights(connection);
      const caughtUp = what === 'apply' ? await catchUp({ home, migrations, databaseUrl }) : [];
      for (const words of caughtUp) progress(1, words);
      const status = await migrationStatus(connection, migrations);
      for (const name of status.pending) progress(1, `pending ${name}`);
      const broken = [
        ...status.failed.map(({ name }) => `${name} failed`),
        ...status.edited.map(name => `${name} was edited after it was applied`),
      ];
      const strange = status.unknown.map(name => `${name} is unknown to this program`);
      if (broken.length + strange.length > 0) throw new WorkRefused([...broken, ...strange].join('; '));
      return {
        applied: status.applied.length,
        newlyApplied: applied,
        pending: status.pending,
        ...(caughtUp.length > 0 ? { caughtUp } : {}),
      };
    } finally {
      await connection.end();
    }
  },
});
