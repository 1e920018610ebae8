import type { z } from 'zod';
import type { BackupSettings, PlatformProfile } from '../domain/platform-profile.ts';

/** Why a work was not done, in words for whoever reads the log of its run. */
export class WorkRefused extends Error {
  override name = 'WorkRefused';
  /** What was found out all the same: the `result` of a step that failed. */
  readonly result: object | undefined;

  constructor(message: string, result?: object) {
    super(message);
    this.result = result;
  }
}

/** A work that was asked to end, and has put everything as it was before. */
export class WorkAborted extends WorkRefused {
  override name = 'WorkAborted';
}

/** What a work on the host of a database is given. */
export type WorkContext = {
  readonly home: string;
  readonly platform: PlatformProfile;
  readonly backup: BackupSettings;
  /** Where the key lies that no database holds; undefined: in the home. */
  readonly secretKeyFile?: string | undefined;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  /** The owner's login to the database. Starts the embedded server where there is one; throws where no database answers. */
  readonly databaseUrl: () => Promise<string>;
  /** There is one to ask: asking makes none. */
  readonly hasDatabase?: boolean;
  readonly signal: AbortSignal;
  /** Says what is under way and how far the work is, 0 to 1: a line `34 % words` of the log. */
  readonly progress: (fraction: number, words: string) => void;
};

/**
 * What a runbook starts on the host of a database as `bursar maintain NAME --flags`: there it has the tools, the disk and the owner's login, and outlives every console.
 * Whatever it resolves with is the `result` of its step. Throws WorkRefused where it must not be done or came out wrong.
 */
export type Work<Input extends z.ZodObject> = {
  readonly name: string;
  readonly summary: string;
  /** Each property is a flag; numbers and booleans are coerced by the schema. */
  readonly input: Input;
  /** Asked to end it undoes or finishes what it began, however long that takes. */
  readonly endsItself?: true;
  run(input: z.output<Input>, context: WorkContext): Promise<object>;
};

/** A work of whatever input. */
export type AnyWork = Work<z.ZodObject>;

export const defineWork = <Input extends z.ZodObject>(work: Work<Input>): AnyWork => work;
