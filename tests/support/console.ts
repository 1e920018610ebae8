import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FormField } from '../../src/kit/form-fields.ts';
import type { Registry, Session } from '../../src/kit/session.ts';
import { actions, resources } from '../../src/resources/registry.ts';
import { App } from '../../src/tui/app.tsx';
import type { Mode, State } from '../../src/tui/state/types.ts';
import type { SignInWishes } from './session.ts';
import { openTestBank, type TestAccountWish, type TestBank } from './console-bank.ts';
import { bytesOf, FakeTerminal } from './fake-terminal.ts';
import { Sight } from './sight.ts';

export { anAccount } from './console-bank.ts';

export type ConsoleWishes = {
  /** `demo` (the demo bank), or `empty`: only the accounts that are asked for. */
  readonly database?: 'empty' | 'demo';
  /** A database that is there already, with an operator `demo`. */
  readonly url?: string;
  readonly accounts?: readonly TestAccountWish[];
  /** Whose console it is, of a demo bank; `demo`, who holds all roles, unless said. */
  readonly operator?: string;
  /** False leaves the session read-only, as it is for people. */
  readonly window?: boolean;
  /** The way into hosts; without one no logs can be read. */
  readonly hosts?: SignInWishes['hosts'];
  readonly size?: readonly [columns: number, rows: number];
  /** The pane to begin with; the first one otherwise. */
  readonly pane?: string;
  readonly registry?: Registry;
  /** What request ids come from; two consoles on one bank must not share it. */
  readonly seed?: string;
  /** Stands between the console and its session, to delay or break it. */
  readonly around?: (session: Session) => Session;
};

/** The full screen on a terminal in memory and a real database, in the words of whoever sits before it. */
export class TestConsole extends Sight implements AsyncDisposable {
  readonly #terminal: FakeTerminal;
  readonly #app: App;
  readonly #bank: TestBank;
  readonly home: string;

  constructor(terminal: FakeTerminal, app: App, bank: TestBank, home: string) {
    super(terminal);
    this.#terminal = terminal;
    this.#app = app;
    this.#bank = bank;
    this.home = home;
  }

  get bank(): TestBank {
    return this.#bank;
  }

  get state(): State {
    return this.#app.state;
  }

  get clipboard(): string {
    return this.#terminal.clipboard;
  }

  /** The exit code, once the console was left. */
  get left(): number | undefined {
    return this.#terminal.ending?.code;
  }

  async #taken(bytes: string, events: number): Promise<void> {
    const goal = this.#terminal.delivered + events;
    this.#terminal.send(bytes);
    await this.holds(() => this.#terminal.delivered >= goal, `${events} keys to arrive`);
  }

  /** Keys are taken, and all that they change at once is on the screen: what a test looks at next is no frame of before. */
  async #sent(bytes: string, events: number): Promise<void> {
    await this.#taken(bytes, events);
    await this.#terminal.drawn();
  }

  /** Presses keys one after another: `j`, `enter`, `^d`, `shift+tab`. */
  async press(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.#taken(bytesOf(name), 1);
    await this.#terminal.drawn();
  }

  /** Presses keys all at once, as a lagging connection delivers them. */
  async pressAtOnce(...names: readonly string[]): Promise<void> {
    await this.#sent(names.map(bytesOf).join(''), names.length);
  }

  /** Types text, as fast as it can be sent. */
  async type(text: string): Promise<void> {
    const { length } = [...new Intl.Segmenter().segment(text)];
    await this.#sent(text, length);
  }

  async paste(text: string): Promise<void> {
    await this.#sent(`\u001b[200~${text}\u001b[201~`, 1);
  }

  /** How many there are may be known before the rows are: what is pressed on them waits for the rows. */
  rowsRead(): Promise<void> {
    return this.until(() => this.#app.state.view.reading === undefined, 'the rows to be read');
  }

  /** Types a command line and carries it out; the list that it leads to has been read. */
  async command(line: string): Promise<void> {
    await this.press(':');
    await this.type(line);
    await this.press('enter');
    await this.rowsRead();
  }

  /** Filters the list, and waits until it has been read. */
  async filter(text: string): Promise<void> {
    await this.press('/', '^u');
    await this.type(text);
    await this.press('enter');
    await this.rowsRead();
  }

  #mode<Kind extends Mode['kind']>(kind: Kind): Extract<Mode, { kind: Kind }> {
    const { mode } = this.#app.state;
    if (mode.kind !== kind) throw new Error(`a ${kind} is not open; the screen shows\n${this.frame()}`);
    return mode as Extract<Mode, { kind: Kind }>;
  }

  async #open(kind: Mode['kind']): Promise<void> {
    await this.until(() => {
      const { mode } = this.#app.state;
      // what was answered last is known: what is pressed meanwhile would be for nothing
      return mode.kind === kind && !(mode.kind === 'form' && mode.form.waiting) && !(mode.kind === 'confirm' && mode.confirm.waiting);
    }, `a ${kind}`);
  }

  async #focus(field: FormField): Promise<void> {
    const { form } = this.#mode('form');
    const steps = form.fields.indexOf(field) - form.focus;
    await this.press(...Array.from({ length: Math.abs(steps) }, () => (steps > 0 ? 'tab' : 'shift+tab')));
  }

  async #choose(field: FormField, value: string): Promise<void> {
    for (let left = field.choices.length; left >= 0 && this.#mode('form').form.typed[field.key] !== value; left -= 1)
      await this.press('right');
  }

  /** Fills in fields of the form by their keys, the way a person does. */
  async fillIn(values: Readonly<Record<string, string>>): Promise<void> {
    await this.#open('form');
    await this.until(() => !this.#mode('form').form.asking, 'what its fields may be filled in with');
    for (const [key, value] of Object.entries(values)) {
      const field = this.#mode('form').form.fields.find(candidate => candidate.key === key);
      if (!field) throw new Error(`the form has no field ${key}`);
      await this.#focus(field);
      if (field.choices.length > 0) {
        await this.#choose(field, value);
        continue;
      }
      if (this.#mode('form').form.typed[key]) await this.press('^u');
      await this.type(value);
    }
  }

  /** Fills in the form and asks for its preview. */
  async fill(values: Readonly<Record<string, string>>): Promise<void> {
    await this.fillIn(values);
    const { form } = this.#mode('form');
    await this.press(...Array.from({ length: form.fields.length - form.focus }, () => 'tab'), 'enter');
  }

  /** Types the words that are asked for, waits until the button works, and presses it. */
  async confirm(words?: string): Promise<void> {
    await this.#open('confirm');
    if (words !== undefined) await this.type(words);
    const { armedAt } = this.#mode('confirm').confirm;
    await this.until(() => this.#app.state.now >= armedAt, 'the confirm button to work');
    while (this.#mode('confirm').confirm.focus !== 'confirm') await this.press('tab');
    await this.press('enter');
  }

  /** Lets a bulk go on, or stop, after its first record. */
  async proceed(yes: boolean): Promise<void> {
    await this.until(() => this.#app.state.mode.kind === 'bulk' && this.#mode('bulk').bulk.atCanary, 'the question after the first record');
    const { armedAt } = this.#mode('bulk').bulk;
    await this.until(() => this.#app.state.now >= armedAt, 'the buttons to work');
    await this.press(...(yes ? ['right'] : []), 'enter');
  }

  /** Drags the window to another size, and waits until the program has drawn in it. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#terminal.resize(columns, rows);
    await this.until(() => this.#app.state.size.columns === columns && this.#app.state.size.rows === rows, `${columns}x${rows}`);
  }

  /** What was done since the console was opened, as the audit log tells it; looking on is left out. */
  audit(): Promise<readonly Record<string, unknown>[]> {
    return this.#bank.audit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#app.close();
    this.#terminal.close();
    await this.#bank[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Opens a console; `await using` closes it and drops its database. */
export const openConsole = async (wishes: ConsoleWishes = {}): Promise<TestConsole> => {
  const bank = await openTestBank(wishes);
  const [columns, rows] = wishes.size ?? [80, 24];
  const terminal = new FakeTerminal({ columns, rows });
  const home = await mkdtemp(path.join(tmpdir(), 'bursar-home-'));
  const registry = wishes.registry ?? { resources, actions };
  // Request ids come from the seed: two consoles on one bank must not share them
  const seed = wishes.seed ?? (wishes.url === undefined ? 'test' : home);
  const app = new App({ stage: terminal.stage, registry, home, seed, now: Date.now, log: () => undefined });
  app.open();
  const console = new TestConsole(terminal, app, bank, home);
  app.dispatch({ kind: 'connected', session: wishes.around?.(bank.session) ?? bank.session });
  await console.until(() => app.state.view.status === 'ready', 'the first rows');
  // whether one may write, and whether a code holds, is known from here on: no key comes before that
  await console.until(() => app.state.pulse.last !== undefined || !app.state.session?.presence, 'the first pulse');
  const pane = wishes.pane ?? (wishes.accounts ? 'accounts' : undefined);
  if (pane !== undefined) {
    await console.command(pane);
    await console.until(() => app.state.view.resource === pane && app.state.view.status === 'ready', `the pane ${pane}`);
  }
  return console;
};
