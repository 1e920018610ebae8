import type { Arguments } from '../cli/arguments.ts';
import type { CommandHelp } from '../cli/help.ts';
import type { Streams } from '../cli/streams.ts';
import type { Config } from '../config.ts';
import type { Session } from '../kit/session.ts';
import type { Channels } from '../notices/channel.ts';
import type { Log } from './debug-log.ts';
import type { Bank } from './open-session.ts';

/** What a command is given; it knows no process. */
export type CommandContext = {
  readonly config: Config;
  readonly streams: Streams;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly signal: AbortSignal;
  /** In a demo: the role whose operator acts. */
  readonly as: string | undefined;
  readonly log: Log;
  readonly channels: () => Promise<Channels>;
  /** Opens the bank for whoever is signed in, and leaves it again whatever happens. */
  readonly withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  /** The same with all that a console has beside its screen; `unattended` work is a machine's before it is somebody's, and waits until its key is approved. */
  readonly withBank: <T>(work: (bank: Bank, session: Session) => Promise<T>, unattended?: boolean) => Promise<T>;
};

/** A command that is no pane and no action. Its name may be two words, of which the first may be a resource. */
export type Command = CommandHelp & {
  readonly run: (typed: Arguments, context: CommandContext) => Promise<number>;
  /** Half of it is worse than a wait: asked to end it undoes or finishes what it began, and nobody ends it before. */
  readonly endsItself?: true;
  /** Whether it stands in for the verb of the same name; one that sometimes does is not in the help. */
  readonly applies?: (context: CommandContext) => Promise<boolean>;
};
