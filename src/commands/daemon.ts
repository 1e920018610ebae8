import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { faultOf } from '../database/fault.ts';
import { formatInstant } from '../domain/day.ts';
import { lackingWords } from '../domain/lacking.ts';
import { forbidden, invalid, type Refusal } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import type { Due } from '../kit/schedule.ts';
import type { Executed } from '../schedule/execute.ts';
import { keepBusy } from './background.ts';
import type { Command, CommandContext } from './command.ts';
import type { Bank } from './open-session.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** What the database says to a token that is over. */
const sessionEnded = 'BU001';

const lineOf = ({ job, dueAt, ended, words }: Executed, json: boolean): string =>
  json ? toJson({ job, dueAt, ended, words }) : `${job} of ${formatInstant(dueAt)} UTC ${ended}: ${safe(words, { max: 400 })}`;

const missedLine = (job: string, { at, last, times }: Due, json: boolean): string => {
  if (json) return toJson({ job, dueAt: at, ended: 'missed', times, lastDueAt: last });
  return times === 1
    ? `${job} of ${formatInstant(at)} UTC missed`
    : `${job} missed ${times.toLocaleString('en')} times from ${formatInstant(at)} to ${formatInstant(last)} UTC`;
};

/** A machine signs in again for as long as it may, and waits for a key that is to be approved; a person's login ends once. */
const whileSignedIn = async (
  { machine }: Bank,
  over: AbortController,
  { streams, signal, log }: CommandContext,
): Promise<Refusal | undefined> => {
  if (!machine) return undefined;
  const onError = (error: unknown): void => log.write('signing in again failed', { error });
  const refusal = await machine.stay({ signal, say: line => streams.say(line), onError });
  if (refusal) over.abort();
  return refusal;
};

const loginEnded: Refusal = {
  kind: 'forbidden',
  message: 'the login of this daemon has ended',
  next: 'sign in with "bursar login NAME" and start it again, or give it the key of a machine',
};

const work = async (bank: Bank, first: Session, json: boolean, context: CommandContext): Promise<number> => {
  const { streams, signal } = context;
  const { machine } = bank;
  const over = new AbortController();
  const say = (line: string): void => void streams.write(`${line}\n`);
  streams.say(`the daemon works for ${first.operator.name} in ${first.environment.name}; SIGTERM or Ctrl+C ends it`);
  const [refusal] = await Promise.all([
    whileSignedIn(bank, over, context),
    keepBusy({
      ...context,
      bank,
      session: machine ? machine.session : () => first,
      signal: AbortSignal.any([signal, over.signal]),
      told: {
        onExecuted: executed => say(lineOf(executed, json)),
        onMissed: (job, due) => say(missedLine(job, due, json)),
        onLacking: count =>
          streams.say(count > 0 ? `${lackingWords(count)}; nothing is done meanwhile` : 'the migrations are applied: the daemon goes on'),
        onError: error => {
          if (!machine && faultOf(error).code === sessionEnded) over.abort();
        },
      },
    }),
  ]);
  if (!over.signal.aborted) return exitCode.done;
  return refuse(streams, json, { ok: false, refusal: refusal ?? loginEnded });
};

/** `bursar daemon`: what a console does beside its screen, without one. */
export const daemonCommand: Command = {
  name: 'daemon',
  summary: 'do what is due, and all that a console does beside its screen, without one; a line for every job, until SIGTERM',
  flags: [{ name: 'json', help: 'one JSON document a line' }],
  run: async ({ words, flags }, context) => {
    const json = flags['json'] === 'yes';
    const stop = (refusal: Parameters<typeof refuse>[2]) => refuse(context.streams, json, refusal);
    if (words.length > 0) return stop(invalid('daemon takes no words'));
    const working = context.withBank(async (bank, session) => {
      if (session.readOnly) return stop({ ok: false, refusal: session.readOnly });
      if (!session.schedule)
        return stop(forbidden('a daemon needs the permission schedule.run', 'ask an administrator for a role that has it'));
      return work(bank, session, json, context);
    }, true);
    return working.catch((error: unknown) => {
      // asked to end while it waited for its key
      if (error instanceof SignInRefused && context.signal.aborted) return exitCode.done;
      throw error;
    });
  },
};
