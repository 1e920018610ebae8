import type { FakeTerminal } from './fake-terminal.ts';

/** A test waits at most so long for what it expects, in milliseconds: this only ends what would never come, on however busy a machine. */
const patience = 60_000;

/** Whoever looks at a terminal in memory, and waits for what shows there. */
export class Sight {
  readonly #terminal: FakeTerminal;

  constructor(terminal: FakeTerminal) {
    this.#terminal = terminal;
  }

  frame(): string {
    return this.#terminal.frame();
  }

  /** Looks whenever the screen changes, by a clock that no test sets. */
  protected async holds(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + patience;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}; the screen shows\n${this.frame()}`);
      await this.#change(50);
    }
  }

  /** Waits until a condition holds, and until the screen shows it. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await this.holds(condition, what);
    await this.#terminal.drawn();
  }

  #change(most: number): Promise<void> {
    return new Promise(resolve => {
      const listening = this.#terminal.onChange(() => end());
      const timer = setTimeout(() => end(), most);
      const end = (): void => {
        listening.dispose();
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Waits until all these texts are on screen. */
  async sees(...texts: readonly (string | RegExp)[]): Promise<void> {
    for (const text of texts) {
      const there = typeof text === 'string' ? () => this.frame().includes(text) : () => text.test(this.frame());
      await this.holds(there, `"${String(text)}"`);
    }
  }

  /** Waits until none of these texts is on screen. */
  async seesNo(...texts: readonly string[]): Promise<void> {
    await this.holds(() => texts.every(text => !this.frame().includes(text)), `no "${texts.join('", "')}"`);
  }
}
