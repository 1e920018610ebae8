import { randomUUID } from 'node:crypto';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Db } from '../database/client.ts';
import { done, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { hashRecoveryCode, newCode } from '../domain/recovery-code.ts';
import { safe } from '../domain/safe-text.ts';
import type { Session } from '../kit/session.ts';
import { operatorIdOf } from '../resources/operators/queries.ts';
import { recoverOperatorAction } from '../resources/operators/recover.ts';
import { asOwner } from './as-owner.ts';
import type { Command, CommandContext } from './command.ts';
import { enrolOrShow } from './enrol-or-show.ts';

type Wanted = { readonly name: string; readonly codeHash: string; readonly note: string; readonly confirmed: string | undefined };

const recover = async (
  session: Session,
  db: Db,
  { name, codeHash, note, confirmed }: Wanted,
  { streams }: CommandContext,
): Promise<Outcome<string>> => {
  const id = await operatorIdOf(db, name);
  if (id === undefined)
    return notFound(
      `there is no operator ${safe(name, { max: 60 })}`,
      'see them with bursar operators list, or make the first with bursar operators found NAME',
    );
  const typed = { id: String(id), codeHash, note };
  const preview = await session.preview(recoverOperatorAction, typed);
  if (!preview.ok) return preview;
  for (const line of preview.value.lines) streams.say(line);
  const words = confirmed ?? (await streams.ask?.(`Type ${name} to confirm: `));
  if (words?.trim() !== name) return invalid('nothing was done: it was not confirmed');
  const receipt = await session.run(recoverOperatorAction, typed, { request: randomUUID() });
  return receipt.ok ? done(receipt.value.summary) : receipt;
};

/** `bursar operators recover NAME`: lets an administrator enrol anew when no other can help, by whoever owns the database. */
export const operatorsRecoverCommand: Command = {
  name: 'operators recover',
  summary: 'NAME: let an administrator who lost everything, or was locked out, enrol anew; only who owns the database may',
  flags: [
    { name: 'note', takes: 'TEXT', help: 'what happened, for the audit log; must be given' },
    { name: 'confirm', takes: 'NAME', help: 'what a person would have to type' },
  ],
  run: async ({ words: [name, ...rest], flags }, context) => {
    const { streams } = context;
    if (name === undefined || rest.length > 0) {
      return refuse(streams, false, invalid('this takes the name of one operator', 'write bursar operators recover NAME'));
    }
    if (!streams.ask)
      return refuse(streams, false, invalid('this needs a terminal: a code is shown there and nowhere else', 'run it in one'));
    const note = (flags['note'] ?? (await streams.ask('What happened? (10 characters or more, for the audit log): '))).trim();
    if (note.length < 10) return refuse(streams, false, invalid('the note takes at least 10 characters', 'say what happened with --note'));
    const code = newCode();
    const wanted = { name, codeHash: hashRecoveryCode(code).toString('hex'), note, confirmed: flags['confirm'] };
    const summary = await asOwner(context, note, (session, database) =>
      enrolOrShow(context, database, { name, code }, () => recover(session, database.reads, wanted, context)),
    );
    if (!summary.ok) return refuse(streams, false, summary);
    await streams.write(`${summary.value}\n`);
    return exitCode.done;
  },
};
