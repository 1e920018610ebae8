import { EventEmitter } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { Key } from './key.ts';
import { KeySplitter, type InputEvent } from './split-keys.ts';

/** The one place in the program that hears keys. */
export type KeyConsumer = {
  /** Whether a text field has the focus; asked before each delivery. */
  isTyping: () => boolean;
  /**
   * All keys that wait, at once, so that they cost one render. Answers how many were used (nothing means all): the rest comes again
   * in the next turn, perhaps as typing.
   */
  onKeys: (keys: readonly Key[]) => number | void;
  /** One key while typing. True gives it to the field. */
  onTypedKey: (key: Key) => boolean;
  /** A whole paste; it never comes as keys. */
  onPaste: (text: string) => void;
};

/** The real stdin, as much as is needed of it. */
export type KeySource = {
  on: (event: 'data', listener: (chunk: Buffer | string) => void) => unknown;
  off: (event: 'data', listener: (chunk: Buffer | string) => void) => unknown;
  resume: () => unknown;
  pause: () => unknown;
};

/** As much of a terminal's stdin as Ink uses; it only hears what is meant for its fields. */
class InkStdin extends EventEmitter {
  readonly isTTY = true;
  #waiting: string[] = [];

  read(): string | null {
    return this.#waiting.shift() ?? null;
  }

  feed(text: string): void {
    if (text === '' || this.listenerCount('readable') === 0) return;
    this.#waiting.push(text);
    this.emit('readable');
  }

  setRawMode(): this {
    return this;
  }

  setEncoding(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Keys that Ink's parts understand; to others they would react with stray letters, and Esc they would hold back. */
const fieldKeys = new Set(['backspace', 'delete', 'left', 'right', 'up', 'down', 'home', 'end', 'enter', 'tab']);
const isForField = ({ name, ctrl, alt, text }: Key): boolean => !ctrl && !alt && (text !== '' || fieldKeys.has(name));

/** Cuts the terminal's input into keys and hands them out: all at once while browsing, one per turn while typing. */
export class KeyInput {
  readonly #source: KeySource;
  readonly #escapeMs: number;
  readonly #ink = new InkStdin();
  readonly #splitter: KeySplitter;
  readonly #decoder = new StringDecoder('utf8');
  #consumer: KeyConsumer | undefined;
  #queue: InputEvent[] = [];
  #later: NodeJS.Immediate | undefined;
  #lone: NodeJS.Timeout | undefined;

  constructor(source: KeySource, escapeMs: number, now: () => number) {
    this.#source = source;
    this.#escapeMs = escapeMs;
    this.#splitter = new KeySplitter(now);
  }

  /** For Ink's `stdin`. */
  get stdin(): NodeJS.ReadStream {
    return this.#ink as unknown as NodeJS.ReadStream;
  }

  /** Keys that came before wait for the first consumer. */
  listen(consumer: KeyConsumer): void {
    this.#consumer = consumer;
    if (!this.#later) this.#deliver();
  }

  /** Enters text into the focused field in one piece, for pastes; line breaks become spaces, other controls are left out. */
  enter(text: string): void {
    this.#ink.feed(text.replace(/\r\n|[\r\n\t]/g, ' ').replace(/\p{Cc}/gu, ''));
  }

  start(): void {
    this.#source.on('data', this.#heard);
    this.#source.resume();
  }

  stop(): void {
    this.#source.off('data', this.#heard);
    this.#source.pause();
    clearTimeout(this.#lone);
  }

  readonly #heard = (chunk: Buffer | string): void => {
    clearTimeout(this.#lone);
    this.#take(this.#splitter.push(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)));
    if (this.#splitter.isPending) this.#lone = setTimeout(() => this.#take(this.#splitter.flush()), this.#escapeMs);
  };

  #take(events: InputEvent[]): void {
    this.#queue = this.#queue.concat(events);
    if (!this.#later) this.#deliver();
  }

  #deliver(): void {
    this.#later = undefined;
    const [first] = this.#queue;
    if (!first || !this.#consumer) return;
    // In a turn of its own, so that what a key changed is rendered and a field has its new value
    const used = this.#hand(this.#consumer, first);
    this.#queue.splice(0, Math.max(1, used));
    if (this.#queue.length > 0) this.#later ??= setImmediate(() => this.#deliver());
  }

  /** Hands over the first event, or all keys up to the next paste; answers how many were used. */
  #hand(consumer: KeyConsumer, first: InputEvent): number {
    if (first.type === 'paste') {
      consumer.onPaste(first.text);
      return 1;
    }
    if (consumer.isTyping()) {
      if (consumer.onTypedKey(first.key) && isForField(first.key)) this.#ink.feed(first.raw);
      return 1;
    }
    const keys: Key[] = [];
    for (const event of this.#queue) {
      if (event.type === 'paste') break;
      keys.push(event.key);
    }
    return consumer.onKeys(keys) ?? keys.length;
  }
}
