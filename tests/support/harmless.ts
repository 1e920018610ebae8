import { PassThrough } from 'node:stream';
import { streamsOf } from '../../src/cli/streams.ts';
import { readGlobalFlags } from '../../src/cli/global-flags.ts';
import { prepareProgram, tellError } from '../../src/commands/prepare.ts';
import { runWords } from '../../src/commands/program.ts';

/** What a terminal obeys, hides or reorders, by what Unicode says of it. */
const harmful = /[\p{C}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\u{1F3FB}-\u{1F3FF}\u2800]/u;
/** What the screen itself sends: cursor, colours, clearing, modes. No strings (OSC, DCS), no reports. */
const sequences = new RegExp(`${String.fromCodePoint(27)}\\[(?:\\?(?:25|7|1049|2004|2026)[hl]|[\\d;]*[ABCDGHJKm])`, 'g');

/** The first harmful character of a text with where it stands, or undefined; line ends are no harm. */
export const harmIn = (text: string, lineEnd: '\n' | '\r\n' = '\n'): string | undefined => {
  const lines = text.split(lineEnd).join('');
  const found = harmful.exec(lines) ?? (lineEnd === '\r\n' ? /\n/.exec(lines) : null);
  if (!found) return undefined;
  const code = (found[0].codePointAt(0) ?? 0).toString(16);
  return `U+${code} in ${JSON.stringify(lines.slice(Math.max(0, found.index - 30), found.index + 30))}`;
};

/** The same for what a full screen sends. */
export const harmInFrames = (sent: string): string | undefined => harmIn(sent.replaceAll(sequences, ''));

/** A stream that keeps what is written to it; a terminal where it has columns. */
const aStream = (columns?: number) => {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  return { stream: Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns }), text: () => text };
};

const root = new URL('../../', import.meta.url);

/** The command with the program's own streams, as its bytes leave: nothing is left out between them and a terminal. */
export const bytesFrom = async (
  { url, home, columns }: { readonly url: string; readonly home: string; readonly columns?: number },
  ...args: readonly string[]
) => {
  const environment: NodeJS.ProcessEnv = { DATABASE_URL: url, BURSAR_HOME: home };
  const [output, errors] = [aStream(columns), aStream()];
  const streams = streamsOf({
    input: process.stdin,
    output: output.stream as unknown as NodeJS.WriteStream,
    errors: errors.stream as unknown as NodeJS.WriteStream,
    environment,
    signal: undefined,
  });
  const run = async (): Promise<number> => {
    const given = readGlobalFlags(args);
    if (!given.ok) throw new Error(given.refusal.message);
    try {
      return await runWords(prepareProgram(given.value, environment, root), given.value, streams, { signal: new AbortController().signal });
    } catch (error) {
      return tellError(error, streams, args.includes('--json'));
    }
  };
  const code = await run();
  return { code, stdout: output.text(), stderr: errors.text() };
};
