import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { faultOf } from '../database/fault.ts';
import { formatInstant } from '../domain/day.ts';
import { forbidden, invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import type { Due } from '../kit/schedule.ts';
import type { Executed } from '../schedule/execute.ts';
import { keepBusy } from './background.ts';
import type { Command, CommandContext } from './command.ts';
import type { Bank } from './open-session.ts';

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

const work = async (bank: Bank, session: Session, json: boolean, context: CommandContext): Promise<number> => {
  const { streams, signal } = context;
  const over = new AbortController();
  const say = (line: string): void => void streams.write(`${line}\n`);
  streams.say(`the daemon works for ${session.operator.name} in ${session.environment.name}; SIGTERM or Ctrl+C ends it`);
  await keepBusy({
    ...context,
    bank,
    session: () => session,
    signal: AbortSignal.any([signal, over.signal]),
    told: {
      onExecuted: executed => say(lineOf(executed, json)),
      onMissed: (job, due) => say(missedLine(job, due, json)),
      onError: error => {
        if (faultOf(error).code === sessionEnded) over.abort();
      },
    },
  });
  if (!over.signal.aborted) return exitCode.done;
  return refuse(streams, json, forbidden('the login of this daemon has ended', 'sign in with "bursar login NAME" and start it again'));
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
    return context.withBank(async (bank, session) => {
      if (session.readOnly) return stop({ ok: false, refusal: session.readOnly });
      if (!session.schedule)
        return stop(forbidden('a daemon needs the permission schedule.run', 'ask an administrator for a role that has it'));
      return work(bank, session, json, context);
    });
  },
};
