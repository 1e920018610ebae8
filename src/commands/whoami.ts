import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Database } from '../database/client.ts';
import { endOfSession } from '../database/credentials.ts';
import { holderOf, loadOperator, operatorWithRole, readBankFacts } from '../database/sign-in.ts';
import { formatInstant } from '../domain/day.ts';
import { machinePrefix } from '../domain/machine.ts';
import { done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import type { Operator } from '../domain/permission.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { addressOf } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { readLogin } from './login-file.ts';
import { readMachineKeys } from './machine-key.ts';

type Known = { readonly operator: Operator; readonly until: Date | undefined; readonly by?: string };

const inDemo = async (reads: Database['reads'], { config, as }: CommandContext): Promise<Outcome<Known>> => {
  const name = as === undefined ? config.demoOperator : await operatorWithRole(reads, as);
  return name === undefined
    ? notFound(`no demo operator is ${safe(as ?? '', { max: 30 })}`, 'see them with bursar operators list')
    : done({ operator: await loadOperator(reads, name), until: undefined });
};

/** Nothing is opened for it: the key says as whom commands would act. */
const asMachine = async (reads: Database['reads'], { config }: CommandContext): Promise<Known | undefined> => {
  const keys = await readMachineKeys(config.home, addressOf(config));
  return keys && { operator: await loadOperator(reads, `${machinePrefix}${keys.name}`), until: undefined, by: 'by the key of a machine' };
};

const whoIs = async ({ reads, writes }: Database, context: CommandContext): Promise<Outcome<Known>> => {
  const { config } = context;
  if ((await readBankFacts(reads)).demo) return inDemo(reads, context);
  const login = await readLogin(config.home, addressOf(config));
  const name = login && (await holderOf(writes, login.token));
  if (!login || name === undefined) {
    const machine = await asMachine(reads, context);
    if (machine) return done(machine);
    return forbidden(login ? 'the session has ended' : 'nobody is signed in', 'sign in with "bursar login NAME"');
  }
  const [operator, until] = await Promise.all([loadOperator(reads, name), endOfSession(writes, login.token)]);
  return done({ operator, until });
};

/** `bursar whoami`: as whom the next command acts, and what they may. */
export const whoamiCommand: Command = {
  name: 'whoami',
  summary: 'say as whom commands act, until when, and what they may',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('whoami takes no words'));
    const known = await withConsoleDatabase(context, 'console', database => whoIs(database, context));
    if (!known.ok) return refuse(streams, json, known);
    const { operator, until, by = 'in a demo' } = known.value;
    const may = [...operator.permissions].toSorted();
    if (json) {
      await streams.write(
        `${toJson({ ok: true, name: operator.name, displayName: operator.displayName, roles: operator.roles, permissions: may, until }, 2)}\n`,
      );
      return exitCode.done;
    }
    const end = until ? `signed in until ${formatInstant(until)} UTC` : by;
    await streams.write(
      `${operator.name} (${operator.displayName}), ${end}\nroles: ${operator.roles.join(', ') || 'none'}\nmay: ${may.join(', ')}\n`,
    );
    return exitCode.done;
  },
};
