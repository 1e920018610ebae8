import type { AnyAction } from '../../kit/define-action.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import { explainError } from '../../kit/explain.ts';
import type { Registry, Session } from '../../kit/session.ts';
import type { Effect } from '../state/effects.ts';
import type { Happening } from '../state/events.ts';
import type { State } from '../state/types.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { offer, preview, run, runBulk, settle, type RunningBulk } from './changes.ts';
import { exportList, writeDump, writeSaved } from './files.ts';
import { hostsOffered, LogReader } from './logs.ts';
import { isPresenceEffect, performPresence, type PresenceEffect } from './presence.ts';
import { read, type ReadEffect } from './reads.ts';
import { readStream } from './stream.ts';

/** The terminal, as much as effects need of it. */
type Hands = Pick<Terminal, 'copy' | 'suspend' | 'end'> & { readonly output: Pick<Terminal['output'], 'repaint'> };

export type Means = {
  readonly stage: Hands;
  readonly registry: Registry;
  /** Where saved filters, exports and dumps are kept. */
  readonly home: string;
  readonly now: () => number;
  readonly log: (event: string, more?: Readonly<Record<string, unknown>>) => void;
  readonly state: () => State;
  /** What `:dump` writes. */
  readonly describe: () => object;
  readonly dispatch: (happening: Happening) => void;
};

/** While the cursor runs, details are not read: it has to rest this long, in milliseconds. */
const restFor = 150;

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

type BankEffect =
  | ReadEffect
  | Of<
      'read-stream' | 'offer-logs' | 'open-logs' | 'find' | 'offer' | 'preview' | 'run' | 'run-bulk' | 'settle' | 'export' | 'cancel-reads'
    >;

/** Carries effects out. Whatever comes of them comes back as an event; it decides nothing. */
export class Performer {
  readonly #means: Means;
  readonly #logs: LogReader;
  readonly #timers = new Set<NodeJS.Timeout>();
  #resting: NodeJS.Timeout | undefined;
  #bulk: RunningBulk | undefined;
  #exporting: AbortController | undefined;

  constructor(means: Means) {
    this.#means = means;
    this.#logs = new LogReader(means.dispatch, this.#tell);
  }

  /** Stops what is under way: a bulk after the record it is at, an export and what reads logs at once. */
  close(): void {
    this.#logs.close();
    this.#bulk?.abort();
    this.#exporting?.abort();
    clearTimeout(this.#resting);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  readonly #tell = (error: unknown): void => this.#means.log('an effect failed', { error });

  #resource(id: string): AnyResource {
    const resource = this.#means.registry.resources.find(candidate => candidate.id === id);
    if (!resource) throw new Error(`no pane ${id}`);
    return resource;
  }

  #action(id: string): AnyAction {
    const action = this.#means.registry.actions.find(candidate => candidate.id === id);
    if (!action) throw new Error(`no action ${id}`);
    return action;
  }

  /** Whatever comes of it comes back as an event. */
  #soon(work: Promise<Happening | undefined>): void {
    work.then(
      happening => {
        if (happening) this.#means.dispatch(happening);
      },
      (error: unknown) => {
        this.#tell(error);
        const { message, next } = explainError(error);
        this.#means.dispatch({ kind: 'failed', message, ...(next === undefined ? {} : { next }) });
      },
    );
  }

  perform(effect: Effect): void {
    const { stage, now } = this.#means;
    switch (effect.kind) {
      case 'wake':
        return this.#wake(Math.max(0, effect.at - now()) + 5);
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
        return this.#soon(writeSaved(this.#means.home, effect.saved).then(() => undefined));
      case 'proceed':
        return this.#bulk?.proceed(effect.yes);
      case 'steer-logs':
        return this.#logs.steer(effect);
      case 'abort-bulk':
        return this.#bulk?.abort();
      default:
        return isPresenceEffect(effect) ? this.#ofSession(effect) : this.#ask(effect);
    }
  }

  #ofSession(effect: PresenceEffect): void {
    const { session, gate } = this.#means.state();
    const suspend = (): Promise<void> => this.#means.stage.suspend();
    this.#soon(performPresence(effect, { session, gate, suspend, tell: this.#tell }));
  }

  /** What is asked of the bank; without a session nobody asks. */
  #ask(effect: BankEffect): void {
    const { session } = this.#means.state();
    if (!session) return;
    switch (effect.kind) {
      case 'read-stream':
        return this.#soon(readStream(session, effect.most, this.#tell));
      case 'offer-logs':
        return this.#soon(hostsOffered(session));
      case 'open-logs':
        return this.#soon(this.#logs.open(session, effect));
      case 'find':
        return this.#soon(
          session.find(this.#resource(effect.resource), effect.id).then(row => ({ kind: 'record-found', resource: effect.resource, row })),
        );
      case 'offer':
        return this.#soon(offer(session, this.#action(effect.form.action), effect.form, this.#tell));
      case 'preview':
        return this.#soon(preview(session, this.#action(effect.form.action), effect.form, this.#tell));
      case 'run':
        return this.#soon(run(session, this.#action(effect.confirm.form.action), effect.confirm, this.#tell));
      case 'settle':
        return this.#soon(settle(session, this.#action(effect.unsettled.action), effect.unsettled, this.#tell));
      case 'run-bulk': {
        const work = { session, action: this.#action(effect.confirm.form.action), confirm: effect.confirm, dispatch: this.#means.dispatch };
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

  #wake(delay: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#means.dispatch({ kind: 'ticked' });
    }, delay);
    this.#timers.add(timer);
  }

  #copy({ text, what }: Of<'copy'>): void {
    if (this.#means.stage.copy(text)) this.#means.dispatch({ kind: 'told', tone: 'info', text: `copied ${what}` });
    else this.#means.dispatch({ kind: 'failed', message: 'nothing was copied: it is too long, or copying is not allowed here' });
  }

  async #dump(): Promise<Happening> {
    const { home, now, describe } = this.#means;
    const file = await writeDump(home, now(), describe());
    return { kind: 'told', tone: 'good', text: `wrote ${file}`, next: 'it holds what was on screen and no secrets' };
  }

  async #export(session: Session, { view, format }: Of<'export'>): Promise<Happening> {
    const { home, now } = this.#means;
    this.#exporting = new AbortController();
    const { signal } = this.#exporting;
    const onProgress = (rows: number): void => {
      if (rows % 5_000 === 0)
        this.#means.dispatch({
          kind: 'told',
          tone: 'info',
          text: `exporting, ${rows.toLocaleString('en')} rows so far`,
          next: '^C stops it',
        });
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
