import { randomUUID } from 'node:crypto';
import { refuse } from '../cli/answer.ts';
import type { Arguments, Flag } from '../cli/arguments.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readFounding } from '../database/credentials.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { hashRecoveryCode, newCode } from '../domain/recovery-code.ts';
import type { Session } from '../kit/session.ts';
import { foundOperatorAction } from '../resources/operators/found.ts';
import { asOwner } from './as-owner.ts';
import { askYes } from './ask.ts';
import type { Command, CommandContext } from './command.ts';
import { withConsoleDatabase } from './console-database.ts';
import { enrolOrShow } from './enrol-or-show.ts';

const reason = 'the first administrators of this bank';

const flags: readonly Flag[] = [
  { name: 'name', takes: 'NAME', help: 'operator name, where it is not the first word' },
  { name: 'display-name', takes: 'TEXT', help: 'what people read; the name unless said' },
  { name: 'email', takes: 'ADDRESS', help: 'where notices go' },
  { name: 'roles', takes: 'LIST', help: 'roles, admin among them; admin unless said' },
  { name: 'note', takes: 'TEXT', help: `why; "${reason}" unless said` },
  { name: 'yes', help: 'do it without asking' },
];

const found = async (
  session: Session,
  typed: Readonly<Record<string, string>>,
  yes: boolean,
  { streams }: CommandContext,
): Promise<Outcome<string>> => {
  const preview = await session.preview(foundOperatorAction, typed);
  if (!preview.ok) return preview;
  for (const line of preview.value.lines) streams.say(line);
  if (!yes && !(await askYes(streams, `Found ${preview.value.target.label}?`, false)))
    return invalid('nothing was done: it was not confirmed');
  const receipt = await session.run(foundOperatorAction, typed, { request: randomUUID() });
  return receipt.ok ? done(receipt.value.summary) : receipt;
};

const run = async ({ words, flags: given }: Arguments, context: CommandContext): Promise<number> => {
  const { streams } = context;
  const name = words[0] ?? given['name'];
  if (name === undefined || words.length > 1) {
    return refuse(streams, false, invalid('this takes the name of one operator', 'write bursar operators found NAME'));
  }
  if (!streams.ask)
    return refuse(streams, false, invalid('this needs a terminal: a code is shown there and nowhere else', 'run it in one'));
  const code = newCode();
  const { email, roles } = given;
  const typed = {
    name,
    displayName: given['display-name'] ?? name,
    ...(email === undefined ? {} : { email }),
    ...(roles === undefined ? {} : { roles }),
    codeHash: hashRecoveryCode(code).toString('hex'),
    note: given['note'] ?? reason,
  };
  const summary = await asOwner(context, typed.note, (session, database) =>
    enrolOrShow(context, database, { name, code }, () => found(session, typed, given['yes'] === 'yes', context)),
  );
  if (!summary.ok) return refuse(streams, false, summary);
  await streams.write(`${summary.value}\n`);
  return exitCode.done;
};

/** `bursar operators found NAME`: one of the first two administrators, by whoever owns the database. */
export const operatorsFoundCommand: Command = {
  name: 'operators found',
  summary: 'NAME: make one of the first two administrators; only who owns the database may',
  flags,
  run,
};

/** `bursar operators create` on a bank that has not two administrators yet, at its owner's own terminal: nobody could approve. */
export const operatorsCreateCommand: Command = {
  name: 'operators create',
  summary: 'NAME: the same, where nobody could approve of an operator yet',
  flags,
  run,
  applies: context =>
    withConsoleDatabase(context, 'owner', async ({ reads }) => {
      const { administrators, owner, demo } = await readFounding(reads);
      return owner && !demo && administrators < 2;
    }),
};
