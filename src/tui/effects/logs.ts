import type { HostNews } from '../../domain/host-news.ts';
import { explainError } from '../../kit/explain.ts';
import type { LogReading } from '../../kit/host-logs.ts';
import type { Session } from '../../kit/session.ts';
import { done, failed } from '../../domain/outcome.ts';
import type { Effect } from '../state/effects.ts';
import type { Happening } from '../state/events.ts';
import type { LogDemand, LogItem } from '../state/log-types.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;
type Dispatch = (happening: Happening) => void;

/** Lines are told together, so that a flood is no more than five frames a second; milliseconds. */
const tellEvery = 200;
/** What is told at once at most. Whoever brings more waits, and so does what reads from the host. */
const mostAtOnce = { lines: 4_000, characters: 2_000_000 } as const;

/** A line by itself: cut out of a large piece it would keep all of that in memory. */
const alone = (text: string): string => Buffer.from(text).toString();

/** One following: it takes lines, tells them in pieces, waits, rests and ends as it is told to. */
class Flow {
  readonly follow: string;
  readonly #dispatch: Dispatch;
  readonly #end = new AbortController();
  #rest = new AbortController();
  #awake = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  #items: LogItem[] = [];
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;
  #demand: LogDemand = 'flow';

  constructor(follow: string, dispatch: Dispatch) {
    this.follow = follow;
    this.#dispatch = dispatch;
    this.#awake.resolve();
  }

  async read(reading: LogReading, tellError: (error: unknown) => void): Promise<void> {
    const rest = { begins: () => this.#rest.signal, over: () => this.#awake.promise };
    try {
      await reading.read({ follow: true, signal: this.#end.signal, rest, take: this.#take, tell: this.#tell });
      this.#over('no host can be followed any longer');
    } catch (error) {
      tellError(error);
      this.#over(explainError(error).message);
    }
  }

  #over(why: string): void {
    if (this.#end.signal.aborted) return;
    this.#flush();
    this.#dispatch({ kind: 'logs-ended', follow: this.follow, why });
  }

  demand(demand: LogDemand): void {
    const before = this.#demand;
    this.#demand = demand;
    if (demand === 'rest' && before !== 'rest') {
      this.#awake = Promise.withResolvers();
      this.#rest.abort();
    }
    if (demand !== 'rest' && before === 'rest') {
      this.#rest = new AbortController();
      this.#awake.resolve();
    }
    if (demand === 'flow') this.#soon();
    else this.#wait();
  }

  end(): void {
    this.#wait();
    this.#end.abort();
    this.#awake.resolve();
    this.#room.resolve();
  }

  readonly #take = async (host: string, file: string, line: string): Promise<void> => {
    while (!this.#end.signal.aborted && (this.#items.length >= mostAtOnce.lines || this.#characters >= mostAtOnce.characters))
      await this.#room.promise;
    if (this.#end.signal.aborted) return;
    const text = alone(line);
    this.#items.push({ host, file, text });
    this.#characters += text.length;
    this.#soon();
  };

  /** Whoever has paused still hears what becomes of a host; what becomes of a log stands among its lines. */
  readonly #tell = (host: string, news: HostNews): void => {
    if (this.#end.signal.aborted) return;
    if (this.#demand === 'hold' && news.kind !== 'file')
      return this.#dispatch({ kind: 'log-read', follow: this.follow, items: [{ host, news }] });
    this.#items.push({ host, news });
    this.#soon();
  };

  #soon(): void {
    if (this.#items.length > 0 && this.#demand === 'flow') this.#timer ??= setTimeout(() => this.#flush(), tellEvery);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.#wait();
    if (this.#items.length === 0) return;
    const items = this.#items;
    [this.#items, this.#characters] = [[], 0];
    this.#dispatch({ kind: 'log-read', follow: this.follow, items });
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}

/** Which hosts there are to follow. */
export const hostsOffered = async ({ logs }: Session): Promise<Happening> => ({
  kind: 'log-hosts-listed',
  hosts: (await logs?.hosts()) ?? [],
});

/** Opens logs and reads them, one following at a time. */
export class LogReader {
  readonly #dispatch: Dispatch;
  readonly #tell: (error: unknown) => void;
  #opened: { readonly follow: string; readonly reading: LogReading } | undefined;
  #flow: Flow | undefined;

  constructor(dispatch: Dispatch, tell: (error: unknown) => void) {
    this.#dispatch = dispatch;
    this.#tell = tell;
  }

  /** Asks whether logs may be read. Nothing is read before somebody wants it. */
  async open({ logs }: Session, { follow, request }: Of<'open-logs'>): Promise<Happening | undefined> {
    if (!logs) return undefined;
    try {
      const outcome = await logs.open(request);
      if (outcome.ok) this.#opened = { follow, reading: outcome.value };
      return { kind: 'logs-opened', follow, request, outcome: outcome.ok ? done(true) : outcome };
    } catch (error) {
      this.#tell(error);
      const { message, next } = explainError(error);
      return { kind: 'logs-opened', follow, request, outcome: failed(`${message}; nothing was read`, next) };
    }
  }

  steer({ follow, demand }: Of<'steer-logs'>): void {
    if (this.#flow && (demand === 'end' || this.#flow.follow !== follow)) this.close();
    if (demand === 'end') return;
    if (this.#opened?.follow === follow) {
      this.#flow = new Flow(follow, this.#dispatch);
      void this.#flow.read(this.#opened.reading, this.#tell);
      this.#opened = undefined;
    }
    this.#flow?.demand(demand);
  }

  /** Ends every connection. */
  close(): void {
    this.#flow?.end();
    this.#flow = undefined;
  }
}
