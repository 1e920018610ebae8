import { existsSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../cli/answer.ts';
import type { Flag } from '../cli/arguments.ts';
import { exitCode } from '../cli/exit-code.ts';
import { invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { fieldsOf } from '../kit/form-fields.ts';
import { WorkAborted, WorkRefused, type AnyWork, type WorkContext } from '../maintenance/define-work.ts';
import { works } from '../maintenance/registry.ts';
import type { Command, CommandContext } from './command.ts';
import { findDatabase, type Address } from './with-database.ts';

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

const flagsOf = ({ input }: AnyWork): readonly Flag[] =>
  fieldsOf(input).map(({ key, title }) => ({ name: kebab(key), takes: 'VALUE', help: title }));

const inputOf = (work: AnyWork, flags: Readonly<Record<string, string>>) =>
  work.input.safeParse(
    Object.fromEntries(Object.keys(work.input.shape).flatMap(name => (kebab(name) in flags ? [[name, flags[kebab(name)]]] : []))),
  );

/** Opens the database once, when a work first wants it: one that cannot be read must not stop a work that needs none. */
const lazily = ({ config, streams }: CommandContext) => {
  let address: Promise<Address> | undefined;
  return {
    url: async () => (await (address ??= findDatabase(config, streams.say, 'owner'))).url,
    release: async () => (await address?.catch(() => undefined))?.release(),
  };
};

const perform = async (work: AnyWork, flags: Readonly<Record<string, string>>, context: CommandContext): Promise<number> => {
  const { config, streams, migrations, signal } = context;
  const input = inputOf(work, flags);
  if (!input.success) {
    const [issue] = input.error.issues;
    return refuse(streams, false, invalid(`--${kebab(String(issue?.path[0] ?? ''))} ${issue?.message ?? 'cannot be used'}`));
  }
  const database = lazily(context);
  let said = Promise.resolve();
  const say = (line: string): void => void (said = said.then(() => streams.write(`${line}\n`)));
  const given: WorkContext = {
    home: config.home, platform: config.platform, backup: config.backup, secretKeyFile: config.secretKeyFile, migrations, signal, databaseUrl: database.url,
    hasDatabase: config.databaseUrl !== undefined || existsSync(path.join(config.home, 'data', 'PG_VERSION')),
    progress: (fraction, words) => say(`${Math.floor(fraction * 100)} % ${safe(words, { max: 400 })}`),
  }; // prettier-ignore
  // whoever follows the run sees that it was heard
  signal.addEventListener('abort', () => say('asked to end'), { once: true });
  try {
    const result = await work.run(input.data, given);
    say(`result ${toJson(result)}`);
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof WorkRefused)) throw error;
    say(`refused: ${safe(error.message, { max: 1_000 })}`);
    if (error.result !== undefined) say(`result ${toJson(error.result)}`);
    return error instanceof WorkAborted ? exitCode.undone : exitCode.failed;
  } finally {
    await said;
    await database.release();
  }
};

/** `bursar maintain backup --…`: each work is a command of its own, started by runs on the host of a database. */
export const maintainCommands: readonly Command[] = works.map(work => ({
  name: `maintain ${work.name}`,
  summary: `on the host of the database, as its owner: ${work.summary}`,
  flags: flagsOf(work),
  ...(work.endsItself ? { endsItself: true } : {}),
  run: ({ words, flags }, context) =>
    words.length > 0 ? refuse(context.streams, false, invalid(`maintain ${work.name} takes flags only`)) : perform(work, flags, context),
}));
