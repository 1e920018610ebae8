import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { sectionLines } from '../cli/show.ts';
import type { Streams } from '../cli/streams.ts';
import { forbidden, invalid, notFound } from '../domain/outcome.ts';
import { withoutResult } from '../domain/run-progress.ts';
import { isOver } from '../domain/run.ts';
import { safe } from '../domain/safe-text.ts';
import type { StepLog } from '../kit/runs.ts';
import type { Session } from '../kit/session.ts';
import { resultSections } from '../resources/runs/result.ts';
import { connect, RemoteError, type CredentialsFor } from '../remote/connection.ts';
import { followDetached } from '../remote/detached.ts';
import type { Command, CommandContext } from './command.ts';
import { credentialsOf } from './remote-credentials.ts';
import { numberOf } from './runs-follow.ts';

/** A line of a log is shown up to here, in characters. */
const longestLine = 4_000;

/** Writes a log line by line and harmless, whatever its pieces are cut at. */
const linesTo = ({ write }: Streams) => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = async (text: string): Promise<void> => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // What has no end of a line would fill the memory: it is broken up
    if (rest.length > longestLine) {
      lines.push(rest);
      rest = '';
    }
    if (lines.length > 0) await write(lines.map(line => `${safe(line, { max: longestLine })}\n`).join(''));
  };
  return {
    piece: (piece: Buffer) => take(decoder.write(piece)),
    end: async () => {
      await take(decoder.end());
      if (rest !== '') await write(`${safe(rest, { max: longestLine })}\n`);
    },
  };
};

/** The whole log from its host, piece by piece; false where it is not the one that was followed then. */
const writeWhole = async (run: string, step: StepLog, credentialsFor: CredentialsFor, { streams, signal }: CommandContext): Promise<boolean> => {
  const { at, pinned } = step;
  const connection = await connect({ at, pinned, credentials: credentialsFor({ pinned }) });
  try {
    const [hash, lines] = [createHash('sha256'), linesTo(streams)];
    let offset = 0;
    for (;;) {
      signal.throwIfAborted();
      const { piece, state } = await followDetached(connection, `${run}-${step.position}`, offset);
      if (state.kind === 'absent') throw new RemoteError({ kind: 'refused', message: 'the host has no log of it any more' });
      if (piece.length === 0) break;
      hash.update(piece);
      offset += piece.length;
      await lines.piece(piece);
    }
    await lines.end();
    const digest = hash.digest('hex');
    streams.say(`step ${step.position}: ${offset.toLocaleString('en')} octets, sha256 ${digest}${step.sha256 === null ? ', not over yet' : digest === step.sha256 ? ', as it was followed' : ''}`);
    if (step.sha256 === null || digest === step.sha256) return true;
    streams.say(`step ${step.position}: this is NOT the log that was followed, which was sha256 ${step.sha256}`);
    return false;
  } finally {
    connection.close();
  }
}; // prettier-ignore

const header = ({ position, title, host, status }: StepLog): string =>
  safe(`== step ${position}, ${title} on ${host}: ${status}`, { max: 400 });

/** What a log ends with, where it is a document. */
const documentIn = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  } catch (error) {
    // A log is whatever the host wrote: it is shown as it stands
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const writeKept = async (step: StepLog, { streams }: CommandContext): Promise<boolean> => {
  const { log, result } = withoutResult(step.tail.trimEnd().split('\n'));
  const found = documentIn(result);
  const lines = linesTo(streams);
  await lines.piece(Buffer.from(found === undefined ? step.tail : log.map(line => `${line}\n`).join('')));
  await lines.end();
  if (found !== undefined) await streams.write(`${sectionLines(resultSections('-- result', found)).join('\n').trimEnd()}\n`);
  const kept = Buffer.byteLength(step.tail);
  if (BigInt(kept) < step.bytes && isOver(step.status))
    streams.say(`step ${step.position}: the last ${kept.toLocaleString('en')} of ${step.bytes.toLocaleString('en')} octets; --whole fetches all from ${step.host}`);
  return true;
}; // prettier-ignore

const transcript = async (session: Session, number: bigint, only: string | undefined, whole: boolean, context: CommandContext): Promise<number> => {
  const { streams, config } = context;
  const credentials = whole ? credentialsOf(config) : undefined;
  if (credentials && !credentials.ok) return refuse(streams, false, credentials);
  if (!session.runs)
    return refuse(streams, false, forbidden('transcripts need the permission host.use', `bursar runs show ${number} has the end of each log`));
  const run = await session.runs.logs(number);
  const steps = run?.steps.filter(({ position, status }) => (only === undefined ? status !== 'skipped' && status !== 'waiting' : String(position) === only));
  if (!run || !steps || (only !== undefined && steps.length === 0)) return refuse(streams, false, notFound(only === undefined ? `there is no run ${number}` : `run ${number} has no step ${safe(only, { max: 20 })}`));
  let isGood = true;
  for (const step of steps) {
    await streams.write(`${header(step)}\n`);
    const same = credentials?.ok ? await writeWhole(run.id, step, credentials.value, context) : await writeKept(step, context);
    isGood &&= same;
  }
  return isGood ? exitCode.done : exitCode.failed;
}; // prettier-ignore

/** `bursar runs transcript N`. */
export const runsTranscriptCommand: Command = {
  name: 'runs transcript',
  summary: 'N: what its steps said, as far as it is kept here; --whole fetches every log from its host and holds it against its SHA-256',
  flags: [
    { name: 'whole', help: 'fetch the whole logs from their hosts' },
    { name: 'step', takes: 'NUMBER', help: 'this step only' },
  ],
  run: async ({ words, flags }, context) => {
    const number = numberOf(words);
    if (number === undefined)
      return refuse(context.streams, false, invalid('runs transcript takes the number of one run', 'look it up with: bursar runs list'));
    try {
      return await context.withSession(session => transcript(session, number, flags['step'], flags['whole'] === 'yes', context));
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return refuse(context.streams, false, { ok: false, refusal: { kind: 'failed', message: error.message } });
    }
  },
};
