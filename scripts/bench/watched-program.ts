import { readFileSync } from 'node:fs';
import { spawn, type IPty } from '@lydell/node-pty';
import headless from '@xterm/headless';

export type Size = { readonly columns: number; readonly rows: number };

/** Milliseconds from an event to the last byte that followed and to the one that showed what was waited for; -1 where there was none. */
export type Burst = { readonly last: number; readonly shown: number; readonly bytes: number };

type Wait = {
  /** Milliseconds without output that end the burst; they are never counted. */
  readonly quiet: number;
  /** Goes on until the screen shows it. */
  readonly until?: RegExp;
  readonly timeout?: number;
};

/** What the kernel counts the time of a process in: USER_HZ, 100 on every Linux. */
const ticksPerSecond = 100;

/** A program in a real pseudo-terminal, measured as a person at it would feel it: stamps are taken as bytes arrive, before anything is done with them. */
export class WatchedProgram {
  readonly started = performance.now();
  readonly #pty: IPty;
  readonly #model: headless.Terminal;
  readonly #exited: Promise<void>;
  #bytes = 0;
  #lastAt = 0;
  #shownAt = 0;
  #until: RegExp | undefined;
  #heard: () => void = () => {};

  constructor(command: readonly [string, ...string[]], { columns, rows }: Size, env: NodeJS.ProcessEnv) {
    const whole: NodeJS.ProcessEnv = { ...process.env, ...env, TERM: 'xterm-256color', COLORTERM: 'truecolor' };
    for (const name of ['CI', 'NO_COLOR', 'LINES', 'COLUMNS', 'TMUX']) delete whole[name];
    const [file, ...rest] = command;
    this.#model = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#pty = spawn(file, rest, { cols: columns, rows, env: whole });
    this.#exited = new Promise(resolve => this.#pty.onExit(() => resolve()));
    this.#pty.onData(data => this.#came(data, performance.now()));
    this.#model.onData(answer => this.#pty.write(answer));
  }

  #came(data: string, at: number): void {
    this.#bytes += Buffer.byteLength(data);
    this.#lastAt = at;
    this.#model.write(data, () => {
      if (this.#shownAt === 0 && this.#until?.test(this.text())) this.#shownAt = at;
      this.#heard();
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The screen, without blanks at the ends of lines. */
  text(): string {
    const { active } = this.#model.buffer;
    return Array.from(
      { length: this.#model.rows },
      (_, y) =>
        active
          .getLine(active.viewportY + y)
          ?.translateToString()
          .trimEnd() ?? '',
    ).join('\n');
  }

  /** Milliseconds until the next output, at most. */
  #silence(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, Math.max(1, milliseconds));
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Waits for the output of what happened at `start` to end. */
  async settle(start: number, { quiet, until, timeout = 30_000 }: Wait): Promise<Burst> {
    const before = this.#bytes;
    this.#until = until;
    this.#shownAt = until?.test(this.text()) === true ? start : 0;
    for (;;) {
      const now = performance.now();
      const silent = now - Math.max(start, this.#lastAt);
      const done = this.#lastAt >= start && silent >= quiet && (until === undefined || this.#shownAt > 0);
      if (done || now - start >= timeout) break;
      await this.#silence(this.#lastAt < start || silent >= quiet ? timeout - (now - start) : quiet - silent);
    }
    const since = (stamp: number) => (stamp < start ? -1 : stamp - start);
    return { last: since(this.#lastAt), shown: this.#shownAt === 0 ? -1 : since(this.#shownAt), bytes: this.#bytes - before };
  }

  /** Presses keys and waits for the output to end. */
  press(keys: string, wait: Wait): Promise<Burst> {
    const start = performance.now();
    this.#pty.write(keys);
    return this.settle(start, wait);
  }

  /** Waits until the screen shows it. Throws with the screen where it never does. */
  async sees(what: RegExp, timeout = 30_000): Promise<Burst> {
    const burst = await this.settle(this.started, { quiet: 300, until: what, timeout: performance.now() - this.started + timeout });
    if (burst.shown < 0) throw new Error(`the screen never showed ${String(what)}:\n${this.text()}`);
    return burst;
  }

  /** Seconds of processor time used so far. */
  cpuSeconds(): number {
    // After the name, which may hold blanks: fields 14 and 15 of proc(5)
    const fields = readFileSync(`/proc/${this.#pty.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Resident memory, in MB. */
  memory(): number {
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pty.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1_024;
  }

  /** Ends it with those keys; kills it where that takes more than five seconds. */
  async quit(keys: string): Promise<void> {
    this.#pty.write(keys);
    const killed = setTimeout(() => this.#pty.kill('SIGKILL'), 5_000);
    await this.#exited;
    clearTimeout(killed);
  }
}
