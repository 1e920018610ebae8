import { execFileSync } from 'node:child_process';
import { spawn, type IPty } from '@lydell/node-pty';
import { Terminal } from '@xterm/headless';
import { onTestFinished, vi } from 'vitest';

/** A shell in a real pseudo-terminal, and a model of its screen. */
export class PseudoTerminal {
  readonly pty: IPty;
  readonly model: Terminal;
  /** All that was ever sent to the screen. */
  sent = '';
  hasCursor = true;

  constructor({
    shell = 'sh',
    columns = 80,
    rows = 24,
    env = {},
  }: {
    shell?: string;
    columns?: number;
    rows?: number;
    env?: NodeJS.ProcessEnv;
  }) {
    const whole: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm-256color', PS1: 'ready> ', ENV: '', ...env };
    delete whole['NO_COLOR'];
    Object.assign(whole, env);
    this.pty = spawn(shell, shell === 'bash' ? ['--norc', '-i'] : ['-i'], { cols: columns, rows, env: whole, cwd: process.cwd() });
    this.model = new Terminal({ cols: columns, rows, allowProposedApi: true });
    for (const [final, isShown] of [
      ['h', true],
      ['l', false],
    ] as const) {
      this.model.parser.registerCsiHandler({ prefix: '?', final }, parameters => {
        if (parameters.includes(25)) this.hasCursor = isShown;
        return false;
      });
    }
    this.pty.onData(data => {
      this.sent += data;
      this.model.write(data);
    });
    this.model.onData(answer => this.pty.write(answer));
    onTestFinished(() => this.pty.kill('SIGKILL'));
  }

  /** The screen as text, without blanks at the ends of lines. */
  text(): string {
    const { active } = this.model.buffer;
    const lines = Array.from(
      { length: this.model.rows },
      (_, y) =>
        active
          .getLine(active.viewportY + y)
          ?.translateToString()
          .trimEnd() ?? '',
    );
    return lines.join('\n').trimEnd();
  }

  /** Waits until the screen shows it. */
  async sees(what: string | RegExp): Promise<void> {
    await vi
      .waitUntil(() => (typeof what === 'string' ? this.text().includes(what) : what.test(this.text())), { timeout: 60_000, interval: 10 })
      .catch(() => {
        throw new Error(`the screen never showed ${String(what)}:\n${this.text()}`);
      });
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.model.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  /** What is left of a full-screen program: the modes of the line discipline, and what the screen still obeys. */
  state(): { modes: string; alternate: boolean; cursor: boolean; pastes: boolean; wraps: boolean } {
    const { modes, buffer } = this.model;
    return {
      modes: execFileSync('stty', ['-F', this.device(), '-g'], { encoding: 'utf8' }).trim(),
      alternate: buffer.active.type === 'alternate',
      cursor: this.hasCursor,
      pastes: modes.bracketedPasteMode,
      wraps: modes.wraparoundMode,
    };
  }

  /** The terminal's device file. */
  device(): string {
    return `/dev/${execFileSync('ps', ['-o', 'tty=', '-p', String(this.pty.pid)], { encoding: 'utf8' }).trim()}`;
  }
}
