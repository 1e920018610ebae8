import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { longestCommand, safe } from '../domain/safe-text.ts';

/** What a headless command is given to read and write; it knows no process. */
export type Streams = {
  /** Standard output, which is data and nothing else. Resolves when it was taken, so that a slow reader slows the command and not its memory. */
  readonly write: (text: string) => Promise<void>;
  /** Standard error: one line for the person. */
  readonly say: (line: string) => void;
  /** Lines of our own for the person at the terminal, colours and all; undefined where there is none. */
  readonly draw?: (lines: readonly string[]) => void;
  /** Asks the person at the terminal; undefined where there is none. `hidden` shows nothing of the answer. */
  readonly ask?: (question: string, options?: { readonly hidden: boolean }) => Promise<string>;
  /** Columns of the terminal that standard output is; undefined where it is a pipe or a file. */
  readonly columns: number | undefined;
  /** Secrets are read from here, never from arguments. */
  readonly environment: NodeJS.ProcessEnv;
};

type Terminal = {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errors: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends a question that is waiting for its answer. */
  readonly signal: AbortSignal | undefined;
  /** While a question waits, Ctrl+C is a key and no signal: this makes one of it. */
  readonly interrupt?: () => void;
};

const nothing = new Writable({ write: (_chunk, _encoding, taken) => taken() });

const asking =
  ({ input, errors, signal, interrupt }: Terminal): NonNullable<Streams['ask']> =>
  async (question, { hidden } = { hidden: false }) => {
    const lines = createInterface({ input, output: hidden ? nothing : errors, terminal: true });
    if (interrupt) lines.on('SIGINT', interrupt);
    if (hidden) errors.write(question);
    try {
      return await lines.question(hidden ? '' : question, signal ? { signal } : {});
    } catch (error) {
      // Ctrl+D: whoever ends the input has given no answer
      if (!signal?.aborted && (error as NodeJS.ErrnoException).code === 'ABORT_ERR') return '';
      throw error;
    } finally {
      lines.close();
      if (hidden) errors.write('\n');
    }
  };

/** The streams of a process. */
export const streamsOf = (terminal: Terminal): Streams => {
  const { input, output, errors, environment } = terminal;
  // Told by the callback of each write as well; without a listener it would end the process
  output.on('error', () => undefined);
  return {
    write: text => new Promise((resolve, reject) => output.write(text, error => (error ? reject(error) : resolve()))),
    say: line => errors.write(`${safe(line, { max: longestCommand })}\n`),
    ...(input.isTTY && errors.isTTY ? { ask: asking(terminal), draw: lines => void errors.write(`${lines.join('\n')}\n`) } : {}),
    columns: output.isTTY ? output.columns : undefined,
    environment,
  };
};
