import { render, renderToString, type Instance } from 'ink';
import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { explainError } from '../kit/explain.ts';
import type { Registry, Session } from '../kit/session.ts';
import { preview, run, runBulk, settle, type RunningBulk } from './effects/changes.ts';
import { brief, describeState } from './effects/dump.ts';
import { exportList, writeDump, writeSaved } from './effects/files.ts';
import { read, type ReadEffect } from './effects/reads.ts';
import { intentOf } from './keys.ts';
import { Screen } from './screen.tsx';
import { isTyping } from './state/context.ts';
import type { Effect } from './state/effects.ts';
import type { Event, Happening } from './state/events.ts';
import { initialState } from './state/start.ts';
import type { State } from './state/types.ts';
import { update } from './state/update.ts';
import type { Key } from './terminal/key.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The terminal, as much as is used of it. */
export type Stage = Pick<Terminal, 'input' | 'forInk' | 'copy' | 'suspend' | 'end'> & { readonly output: Pick<Terminal['output'], 'repaint'> };

export type AppOptions = {
  readonly stage: Stage;
  readonly registry: Registry;
  /** Where saved filters, exports and dumps are kept. */
  readonly home: string;
  readonly seed: string;
  readonly now: () => number;
  readonly log: (event: string, more?: Readonly<Record<string, unknown>>) => void;
};

/** Live means: what is on screen is read again this often, in milliseconds. */
const tickEvery = 1_000;
/** While the cursor runs, details are not read: it has to rest this long, in milliseconds. */
const restFor = 90;
/** Events kept for `:dump`. */
const eventsKept = 50;

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** The one dispatcher: events go through `update`, effects are carried out, the screen is drawn. Nothing else here decides. */
export class App {
  readonly #options: AppOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: State;
  #drawn: State | undefined;
  #instance: Instance | undefined;
  #events: Event[] = [];
  #resting: NodeJS.Timeout | undefined;
  #bulk: RunningBulk | undefined;
  #exporting: AbortController | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#state = initialState({ registry: options.registry, size: this.#size(), now: options.now(), seed: options.seed });
  }

  get state(): State {
    return this.#state;
  }

  /** Draws the first frame and begins to listen. */
  open(): void {
    const { stage } = this.#options;
    this.#instance = render(this.#screen(), stage.forInk);
    this.#drawn = this.#state;
    stage.forInk.stdout.on('resize', this.#resized);
    stage.input.listen({ isTyping: () => isTyping(this.#state), onKeys: this.#pressed, onTypedKey: this.#typed, onPaste: this.#pasted });
    this.#timers.add(setInterval(() => this.dispatch({ kind: 'ticked' }), tickEvery));
  }

  close(): void {
    this.#bulk?.abort();
    this.#exporting?.abort();
    clearTimeout(this.#resting);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.stage.forInk.stdout.off('resize', this.#resized);
    this.#instance?.unmount();
  }

  readonly dispatch = (happening: Happening): void => {
    this.#take(happening);
    this.#draw();
  };

  #take(happening: Happening): void {
    const event: Event = { ...happening, at: this.#options.now() };
    this.#events = [...this.#events.slice(1 - eventsKept), event];
    const { state, effects } = update(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #draw(): void {
    if (this.#state === this.#drawn) return;
    this.#drawn = this.#state;
    this.#instance?.rerender(this.#screen());
  }

  #screen() {
    return <Screen state={this.#state} registry={this.#options.registry} onText={this.#changed} />;
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
      if (isTyping(this.#state)) break;
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

  readonly #tell = (error: unknown): void => this.#options.log('an effect failed', { error });

  #resource(id: string): AnyResource {
    const resource = this.#options.registry.resources.find(candidate => candidate.id === id);
    if (!resource) throw new Error(`no pane ${id}`);
    return resource;
  }

  #action(id: string): AnyAction {
    const action = this.#options.registry.actions.find(candidate => candidate.id === id);
    if (!action) throw new Error(`no action ${id}`);
    return action;
  }

  /** Whatever comes of it comes back as an event. */
  #soon(work: Promise<Happening | undefined>): void {
    work.then(
      happening => {
        if (happening) this.dispatch(happening);
      },
      (error: unknown) => {
        this.#tell(error);
        const { message, next } = explainError(error);
        this.dispatch({ kind: 'failed', message, ...(next === undefined ? {} : { next }) });
      },
    );
  }

  #perform(effect: Effect): void {
    const { stage, now } = this.#options;
    switch (effect.kind) {
      case 'wake':
        return void this.#timers.add(setTimeout(() => this.dispatch({ kind: 'ticked' }), Math.max(0, effect.at - now()) + 5));
      case 'repaint':
        return stage.output.repaint();
      case 'suspend':
        return this.#soon(stage.suspend().then(() => ({ kind: 'ticked' as const })));
      case 'quit':
        return stage.end({ code: 0 });
      case 'copy':
        return this.#copy(effect);
      case 'dump':
        return this.#soon(this.#dump());
      case 'save-filters':
        return this.#soon(writeSaved(this.#options.home, effect.saved).then(() => undefined));
      case 'proceed':
        return this.#bulk?.proceed(effect.yes);
      case 'abort-bulk':
        return this.#bulk?.abort();
      default:
        return this.#ask(effect);
    }
  }

  /** What is asked of the bank; without a session nobody asks. */
  #ask(effect: ReadEffect | Of<'find' | 'preview' | 'run' | 'run-bulk' | 'settle' | 'export' | 'cancel-reads'>): void {
    const { session } = this.#state;
    if (!session) return;
    switch (effect.kind) {
      case 'find':
        return this.#soon(
          session.find(this.#resource(effect.resource), effect.id).then(row => ({ kind: 'record-found', resource: effect.resource, row })),
        );
      case 'preview':
        return this.#soon(preview(session, this.#action(effect.form.action), effect.form, this.#tell));
      case 'run':
        return this.#soon(run(session, this.#action(effect.confirm.form.action), effect.confirm, this.#tell));
      case 'settle':
        return this.#soon(settle(session, this.#action(effect.unsettled.action), effect.unsettled, this.#tell));
      case 'run-bulk': {
        const work = { session, action: this.#action(effect.confirm.form.action), confirm: effect.confirm, dispatch: this.dispatch };
        this.#bulk = runBulk(work, this.#tell);
        return;
      }
      case 'export':
        return this.#soon(this.#export(session, effect));
      case 'cancel-reads':
        this.#exporting?.abort();
        return this.#soon(session.cancelReads().then(() => undefined));
      default:
        return this.#read(effect, session);
    }
  }

  #read(effect: ReadEffect, session: Session): void {
    const resource = this.#resource(effect.kind === 'read-detail' ? effect.resource : effect.view.resource);
    const begin = (): void => this.#soon(read(effect, session, resource, this.#tell));
    if (effect.kind !== 'read-detail') return begin();
    clearTimeout(this.#resting);
    if (effect.soon) return begin();
    this.#resting = setTimeout(begin, restFor);
  }

  #copy({ text, what }: Of<'copy'>): void {
    if (this.#options.stage.copy(text)) this.dispatch({ kind: 'told', tone: 'info', text: `copied ${what}` });
    else this.dispatch({ kind: 'failed', message: 'nothing was copied: it is too long, or copying is not allowed here' });
  }

  async #dump(): Promise<Happening> {
    const { home, now, registry } = this.#options;
    const { columns } = this.#state.size;
    const frame = renderToString(<Screen state={this.#state} registry={registry} onText={() => undefined} />, { columns }).split('\n');
    const file = await writeDump(home, now(), { frame, state: describeState(this.#state), events: this.#events.map(brief) });
    return { kind: 'told', tone: 'good', text: `wrote ${file}`, next: 'it holds what was on screen and no secrets' };
  }

  async #export(session: Session, { view, format }: Of<'export'>): Promise<Happening> {
    const { home, now } = this.#options;
    this.#exporting = new AbortController();
    const { signal } = this.#exporting;
    const onProgress = (rows: number): void => {
      if (rows % 5_000 === 0) this.dispatch({ kind: 'told', tone: 'info', text: `exporting, ${rows.toLocaleString('en')} rows so far`, next: '^C stops it' });
    };
    const work = { session, resource: this.#resource(view.resource), view, format, home, now: now(), signal, onProgress };
    try {
      const { file, rows } = await exportList(work);
      return { kind: 'told', tone: 'good', text: `wrote ${rows.toLocaleString('en')} rows to ${file}` };
    } catch (error) {
      if (signal.aborted) return { kind: 'told', tone: 'info', text: 'the export was stopped; its file is gone' };
      throw error;
    } finally {
      this.#exporting = undefined;
    }
  }
}
