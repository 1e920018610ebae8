import { existsSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { fail, ok, type Check } from './check.ts';
import { checkDatabase } from './check-database.ts';
import { checkMachine } from './check-machine.ts';
import type { Command, CommandContext } from './command.ts';
import { explain } from './explain.ts';
import { withDatabase } from './with-database.ts';

const unreachable = (error: unknown): Check => {
  const { refusal } = explain(error);
  return fail('database', refusal.message, refusal.next ?? 'see the message');
};

const lookAtDatabase = async (context: CommandContext): Promise<readonly Check[]> => {
  const { config } = context;
  // A doctor makes nothing: the first start does
  if (config.databaseUrl === undefined && !existsSync(path.join(config.home, 'data', 'PG_VERSION'))) {
    return [ok('database', 'the embedded one is made at the first start')];
  }
  return withDatabase(context, { name: 'doctor', readOnly: true, purpose: 'owner' }, connection => checkDatabase(connection, context));
};

const line = ({ name, state, message, next }: Check): string =>
  `${state.padEnd(4)}  ${name.padEnd(13)} ${safe(message)}${next === undefined ? '' : `\n${' '.repeat(20)}-> ${safe(next)}`}\n`;

/** `bursar doctor`: looks at machine, home and database, changes nothing, and says what to do. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check machine, home, database, migrations, guards, audit and balances; exit 1 where something fails',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { config, streams, log } = context;
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('doctor takes no words'));
    const machine = await checkMachine(config.home, streams);
    const database = await lookAtDatabase(context).catch((error: unknown) => {
      log.write('doctor failed', { error });
      return [unreachable(error)];
    });
    const checks = [...machine, ...database];
    const failed = checks.some(({ state }) => state === 'FAIL');
    await streams.write(json ? `${toJson({ ok: !failed, checks }, 2)}\n` : checks.map(line).join(''));
    return failed ? exitCode.failed : exitCode.done;
  },
};
