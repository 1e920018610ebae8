import { render, renderToString, type Instance } from 'ink';
import type { Session } from '../kit/session.ts';
import { brief, describeState, withoutSecret } from './effects/dump.ts';
import { Performer, type Means } from './effects/perform.ts';
import { frameOf, livePart, withinEnds } from './frame.ts';
import { intentOf } from './keys.ts';
import { Overlay, Screen } from './screen.tsx';
import { isFieldFed, isTyping } from './state/context.ts';
import type { Event, Happening } from './state/events.ts';
import { isCovered } from './state/mode.ts';
import { initialState } from './state/start.ts';
import type { State } from './state/types.ts';
import { update } from './state/update.ts';
import type { Key } from './terminal/key.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The terminal, as much as is used of it. */
export type Stage = Means['stage'] & Pick<Terminal, 'input' | 'forInk'> & { readonly output: Pick<Terminal['output'], 'show'> };

export type AppOptions = Pick<Means, 'registry' | 'home' | 'now' | 'log'> & {
  readonly stage: Stage;
  readonly seed: string;
  /** Hears whose session it is from now on, once its first rows stand: `:as` and a new sign-in change it. */
  readonly onSession?: (session: Session) => void;
};

/** Live means: what is on screen is read again this often, in milliseconds. */
const tickEvery = 1_000;
/** Events kept for `:dump`. */
const eventsKept = 50;

/** The one dispatcher: events go through `update`, effects are carried out, the screen is drawn. Nothing else here decides. */
export class App {
  readonly #options: AppOptions;
  readonly #performer: Performer;
  #state: State;
  #drawn: State | undefined;
  #instance: Instance | undefined;
  #events: Event[] = [];
  #ticking: NodeJS.Timeout | undefined;
  #told: Session['leave'] | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#state = initialState({ registry: options.registry, size: this.#size(), now: options.now(), seed: options.seed });
    const { stage, registry, home, now, log } = options;
    const { dispatch } = this;
    this.#performer = new Performer({
      stage,
      registry,
      home,
      now,
      log,
      dispatch,
      state: () => this.#state,
      describe: () => this.#describe(),
    });
  }

  get state(): State {
    return this.#state;
  }

  /** Draws the first frame and begins to listen. */
  open(): void {
    const { stage } = this.#options;
    this.#instance = render(this.#overlay(), stage.forInk);
    this.#draw();
    stage.forInk.stdout.on('resize', this.#resized);
    stage.input.listen({ isTyping: () => isFieldFed(this.#state), onKeys: this.#pressed, onTypedKey: this.#typed, onPaste: this.#pasted });
    this.#ticking = setInterval(() => this.dispatch({ kind: 'ticked' }), tickEvery);
  }

  close(): void {
    clearInterval(this.#ticking);
    this.#performer.close();
    this.#options.stage.forInk.stdout.off('resize', this.#resized);
    this.#instance?.unmount();
  }

  readonly dispatch = (happening: Happening): void => {
    this.#take(happening);
    this.#draw();
    this.#tellSession();
  };

  /** Whoever hears it has much to do: what was just read is drawn before. */
  #tellSession(): void {
    const { session, view } = this.#state;
    if (!session || session.leave === this.#told || view.status === 'loading') return;
    this.#told = session.leave;
    setImmediate(() => this.#options.onSession?.(session));
  }

  #take(happening: Happening): void {
    const event: Event = { ...happening, at: this.#options.now() };
    this.#events = [...this.#events.slice(1 - eventsKept), withoutSecret(this.#state, event)];
    const { state, effects } = update(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#performer.perform(effect);
  }

  #draw(): void {
    const before = this.#drawn;
    if (this.#state === before) return;
    this.#state = withinEnds(this.#state);
    this.#drawn = this.#state;
    const hides = isCovered(this.#state) && before !== undefined && !isCovered(before);
    this.#options.stage.output.show(frameOf(this.#state), hides);
    // Without a field or a dialog, now and before, Ink has nothing to do
    if (livePart(this.#state) || !before || livePart(before) || before.size !== this.#state.size) this.#instance?.rerender(this.#overlay());
  }

  #overlay() {
    return <Overlay state={this.#state} onText={this.#changed} />;
  }

  /** What `:dump` writes: the frame, the state and the last events. */
  #describe(): object {
    const { columns } = this.#state.size;
    const frame = renderToString(<Screen state={this.#state} lines={frameOf(this.#state)} onText={this.#changed} />, { columns }).split(
      '\n',
    );
    return { frame, state: describeState(this.#state), events: this.#events.map(brief) };
  }

  #size(): State['size'] {
    const { columns, rows } = this.#options.stage.forInk.stdout;
    return { columns, rows };
  }

  readonly #changed = (text: string): void => this.dispatch({ kind: 'text-changed', text });
  readonly #resized = (): void => this.dispatch({ kind: 'resized', size: this.#size() });

  /** All keys that came at once cost one frame; from the one that opens a text field on they come again one by one. */
  readonly #pressed = (keys: readonly Key[]): number => {
    let used = 0;
    for (const key of keys) {
      if (isFieldFed(this.#state)) break;
      const intent = intentOf(this.#state, key);
      if (intent) this.#take({ kind: 'key-pressed', intent });
      used += 1;
    }
    this.#draw();
    return used;
  };

  readonly #typed = (key: Key): boolean => {
    const intent = intentOf(this.#state, key);
    if (!intent) return true;
    this.dispatch({ kind: 'key-pressed', intent });
    return false;
  };

  readonly #pasted = (text: string): void => {
    if (isTyping(this.#state)) this.#options.stage.input.enter(text);
    else this.dispatch({ kind: 'pasted' });
  };
}
