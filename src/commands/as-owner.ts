import type { Database } from '../database/client.ts';
import { openOwnerSession } from '../database/credentials.ts';
import { loadOperator } from '../database/sign-in.ts';
import { ownerName } from '../domain/operator.ts';
import { conflict, type Outcome } from '../domain/outcome.ts';
import { openSession, type Session } from '../kit/session.ts';
import { actions, resources } from '../resources/registry.ts';
import type { CommandContext } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { clientOf, entranceOf, newToken, partsOf } from './entry.ts';

/**
 * Acts as whoever owns the database, for ten minutes at most and by audited actions only. Nobody is asked for a password: whoever can
 * connect as the owner has proved it.
 */
export const asOwner = <T>(
  context: CommandContext,
  reason: string,
  work: (session: Session, database: Database) => Promise<Outcome<T>>,
): Promise<Outcome<T>> =>
  withConsoleDatabase(context, 'owner', async database => {
    const { config } = context;
    const entrance = await entranceOf({ database, config, registry: { resources, actions }, readOnly: false });
    if (entrance.facts.demo) return conflict('a demo has its operators already', 'act as one of them with --as ROLE');
    const token = newToken();
    const opened = await openOwnerSession(database.writes, token, reason, clientOf(config));
    if (!opened.ok) return opened;
    const session = openSession({ ...partsOf(entrance), operator: await loadOperator(database.reads, ownerName), token });
    try {
      return await work(session, database);
    } finally {
      await session.leave();
    }
  });
