import { safe } from '../../domain/safe-text.ts';
import { coloursOf } from './ability.ts';
import { CellOutput, type Screen } from './cell-output.ts';
import { startGuard, type Guard } from './guard.ts';
import { KeyInput } from './key-input.ts';
import { copySequence, enterScreen, leaveScreen } from './modes.ts';
import { own, setBlocking, waitForForeground, type OwnStream } from './own-stream.ts';

/** How the screen came to its end: by a wish, a signal (code 128 + its number), a lost terminal (129) or an error nobody caught (1). */
export type Ending = { code: number; error?: unknown };

export type TerminalOptions = {
  /** Whether this text may leave for the clipboard; without it nothing may. */
  mayCopy?: (text: string) => boolean;
  /** What somebody writes to standard output or error while the screen is open. */
  onStray?: (text: string) => void;
  /** The line about an error nobody caught, printed when the screen is closed. */
  explain?: (error: unknown) => string;
};

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const lost: Ending = { code: 129 };
/** Whoever tidies up after the end has so long before the process is ended. */
const graceMs = 3000;
/** What the terminal has not taken by then, it will not take. */
const flushMs = 500;
/** In a job that nobody could continue the kernel ignores the stop. */
const stopMs = 100;

const pause = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds));

/** The person's terminal while it is ours; made by `openTerminal`. */
export class Terminal {
  readonly input: KeyInput;
  readonly output: CellOutput;
  /** Resolves when the terminal is as it was: tidy up and exit with the code. */
  readonly ended: Promise<Ending>;
  readonly #host: NodeJS.Process;
  readonly #guard: Guard;
  readonly #options: TerminalOptions;
  readonly #streams: readonly [OwnStream, OwnStream];
  #resolve: (ending: Ending) => void = () => {};
  #ending: Ending | undefined;
  #isOurs = false;

  constructor(host: NodeJS.Process, guard: Guard, options: TerminalOptions) {
    this.#host = host;
    this.#guard = guard;
    this.#options = options;
    const { stdin, stdout, stderr } = host;
    const stray = options.onStray ?? (() => {});
    this.#streams = [own(stdout, stray), own(stderr, stray)];
    this.input = new KeyInput(stdin, 20, Date.now);
    this.output = new CellOutput(this.#screen(), coloursOf(host.env));
    this.ended = new Promise(resolve => {
      this.#resolve = resolve;
    });
    this.#listen();
    this.#enter();
  }

  /** What Ink's `render` has to be told. */
  get forInk() {
    const { input, output } = this;
    return {
      stdin: input.stdin,
      stdout: output.stdout,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false,
      incrementalRendering: false,
      alternateScreen: false,
      maxFps: 120,
    };
  }

  /** Puts a text, made safe and one line, on the clipboard of the person's own machine; false when policy or its length forbid it. */
  copy(text: string): boolean {
    const line = safe(text, { max: 50_000 });
    const sequence = copySequence(line);
    if (!this.#isOurs || sequence === undefined || this.#options.mayCopy?.(line) !== true) return false;
    this.#streams[0].write(sequence);
    return true;
  }

  /** Stops our job as Ctrl+Z does elsewhere; resolves when it goes on. */
  readonly suspend = (): Promise<void> =>
    this.handOver(async () => {
      this.#host.off('SIGTSTP', this.#stopped);
      const goesOn = new Promise<void>(resolve => this.#host.once('SIGCONT', () => resolve()));
      // The whole job: npm and the shell that started us belong to it
      this.#host.kill(0, 'SIGTSTP');
      await Promise.race([goesOn, pause(stopMs)]);
      this.#host.on('SIGTSTP', this.#stopped);
    });

  /** Gives the terminal to another program and takes it back; frames are remembered, keys wait. */
  async handOver<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#isOurs) return run();
    this.#leave();
    try {
      return await run();
    } finally {
      this.#enter();
    }
  }

  /** Gives the terminal back for good; the first call counts. */
  end(ending: Ending = { code: 0 }): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#host.exitCode = ending.code;
    setTimeout(() => this.#host.exit(ending.code), graceMs).unref();
    this.#leave();
    this.output.close();
    this.#guard.dismiss();
    for (const stream of this.#streams) stream.release();
    if (ending.error !== undefined) this.#report(ending.error);
    void this.#flushed().then(() => this.#resolve(ending));
  }

  #screen(): Screen {
    const { stdout } = this.#host;
    const [stream] = this.#streams;
    return {
      size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
      write: text => stream.write(text),
      on: (event, listener) => stdout.on(event, listener),
      off: (event, listener) => stdout.off(event, listener),
    };
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#host;
    for (const [signal, code] of Object.entries(signals)) this.#host.on(signal, () => this.end({ code }));
    this.#host.on('SIGTSTP', this.#stopped);
    this.#host.on('SIGCONT', this.#continued);
    this.#host.on('uncaughtException', this.#failed);
    this.#host.on('unhandledRejection', this.#failed);
    this.#host.on('exit', () => this.#leave());
    // A connection that is lost shows first as one of these
    stdin.on('end', () => this.end(lost));
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => this.end(lost));
  }

  #enter(): void {
    if (this.#ending || this.#isOurs) return;
    this.#isOurs = true;
    this.#guard.holds(true);
    this.#setBlocking(false);
    this.#arrange();
    this.input.start();
    this.output.wake();
  }

  /** The modes we need, whatever they are now. */
  #arrange(): void {
    waitForForeground(this.#host.stdin);
    this.#host.stdin.setRawMode(false).setRawMode(true);
    this.#streams[0].write(enterScreen);
    // Makes Node ask for the size, which may have changed meanwhile
    this.#host.kill(this.#host.pid, 'SIGWINCH');
  }

  #leave(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.output.sleep();
    this.input.stop();
    const { stdin, stdout } = this.#host;
    this.#streams[0].write(leaveScreen);
    stdin.setRawMode(false);
    // While it still has frames to take, one more write could block for ever
    if (stdout.writableLength === 0) this.#setBlocking(true);
    this.#guard.holds(false);
  }

  #setBlocking(isBlocking: boolean): void {
    const { stdout, stderr } = this.#host;
    for (const stream of [stdout, stderr]) setBlocking(stream, isBlocking);
  }

  async #flushed(): Promise<void> {
    const { stdout } = this.#host;
    if (stdout.writableLength === 0) return;
    await Promise.race([new Promise<void>(resolve => stdout.write('', () => resolve())), pause(flushMs)]);
  }

  #report(error: unknown): void {
    const { explain = safe } = this.#options;
    this.#host.stderr.write(`bursar: ${safe(explain(error), { max: 500 })}\n`);
  }

  readonly #stopped = (): void => {
    this.suspend().catch(this.#failed);
  };

  /** After a stop that nobody announced the modes are the shell's. */
  readonly #continued = (): void => {
    if (!this.#isOurs) return;
    this.#arrange();
    this.output.repaint();
  };

  readonly #failed = (error: unknown): void => {
    if (!this.#ending) return this.end({ code: 1, error });
    this.#report(error);
    this.#host.exit(this.#ending.code || 1);
  };
}

/** Takes the terminal: alternate screen, single keys, marked pastes. Ask `whyNoScreen` first. */
export const openTerminal = async (host: NodeJS.Process, options: TerminalOptions = {}): Promise<Terminal> => {
  waitForForeground(host.stdin);
  return new Terminal(host, await startGuard(), options);
};
