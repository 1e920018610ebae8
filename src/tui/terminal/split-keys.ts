import { keyOfSequence, keyOfText, type Key } from './key.ts';

export type InputEvent = { type: 'key'; key: Key; raw: string } | { type: 'paste'; text: string };

const escape = '\u001b';
const pasteStart = '\u001b[200~';
const pasteEnd = '\u001b[201~';

/** More than this is no longer meant for a field; the rest of such a paste is dropped. */
const pasteMax = 1_000_000;
/** A sequence longer than this is none. */
const sequenceMax = 4096;
/** After so long without more of an unfinished paste, a lone Esc or ^C ends it: its end got lost. */
const pasteSilenceMs = 1000;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
// oxlint-disable-next-line no-control-regex
const printable = /[^\u0000-\u001f\u007f]+/y;

/** Where the sequence that starts with the Esc at `from` ends; undefined when more is to come. */
const endOfSequence = (input: string, from: number): number | undefined => {
  const kind = input[from + 1];
  if (kind === undefined) return undefined;
  if (kind === '[' || kind === 'O') {
    const start = from + (kind === '[' && input[from + 2] === '[' ? 3 : 2);
    for (let at = start; at < input.length; at++) {
      const code = input.charCodeAt(at);
      if (code === 0x24 ? at > start && at + 1 === input.length : code >= 0x40 && code <= 0x7e) return at + 1;
      if (code < 0x20 || code > 0x7e) return at;
    }
    return input.length - from > sequenceMax ? input.length : undefined;
  }
  // Two Esc are two keys, or one before a sequence
  if (kind === escape) return from + 1;
  if (']P_^X'.includes(kind)) return endOfString(input, from);
  const size = (input.codePointAt(from + 1) ?? 0) > 0xffff ? 2 : 1;
  return from + 1 + size;
};

/** Answers of the terminal that are strings end with BEL or ESC \; another Esc means it was Alt and that key. */
const endOfString = (input: string, from: number): number | undefined => {
  for (let at = from + 2; at < input.length; at++) {
    if (input[at] === '\u0007') return at + 1;
    if (input[at] === escape) return input[at + 1] === undefined ? undefined : input[at + 1] === '\\' ? at + 2 : at;
  }
  return input.length - from > sequenceMax ? input.length : undefined;
};

const keyOf = (sequence: string): Key | undefined => {
  if (sequence === escape) return keyOfText(escape);
  const code = sequence.codePointAt(1) ?? 0;
  if (sequence.length > (code > 0xffff ? 3 : 2)) return keyOfSequence(sequence);
  const key = keyOfText(sequence.slice(1));
  return key && { ...key, alt: true, text: '' };
};

const eventsOf = (text: string): InputEvent[] => {
  // oxlint-disable-next-line no-control-regex
  const parts = /^[\u0000-\u007f]*$/.test(text) ? text.split('') : Array.from(graphemes.segment(text), ({ segment }) => segment);
  return parts.flatMap(raw => {
    const key = keyOfText(raw);
    return key ? [{ type: 'key', key, raw } satisfies InputEvent] : [];
  });
};

/** Cuts what a terminal sends into single keys and pastes, however the bytes were torn or glued on their way. */
export class KeySplitter {
  readonly #now: () => number;
  #pending = '';
  #paste: { text: string; last: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether an Esc waits for what may follow. */
  get isPending(): boolean {
    return this.#pending !== '';
  }

  push(chunk: string): InputEvent[] {
    const events: InputEvent[] = [];
    let input = this.#pending + chunk;
    this.#pending = '';
    while (input !== '') {
      const before = input;
      if (this.#paste) input = this.#pasted(input, events);
      else if (input[0] === escape) input = this.#sequence(input, events);
      else {
        printable.lastIndex = 0;
        const run = printable.exec(input)?.[0] ?? input.slice(0, 1);
        events.push(...eventsOf(run));
        input = input.slice(run.length);
      }
      if (input === before) {
        this.#pending = input;
        break;
      }
    }
    return events;
  }

  /**
   * Nothing followed: a lone Esc or Alt+[ is a key. Half a CSI sequence goes on waiting, as it may begin a paste; other halves are
   * dropped.
   */
  flush(): InputEvent[] {
    const raw = this.#pending;
    this.#pending = raw.length > 2 && raw[1] === '[' ? raw : '';
    const key = raw.length > 0 && raw.length <= 2 ? keyOf(raw) : undefined;
    return key ? [{ type: 'key', key, raw }] : [];
  }

  /** Takes the sequence at the start; answers the rest, which is all of it when more is to come. */
  #sequence(input: string, events: InputEvent[]): string {
    const end = endOfSequence(input, 0);
    if (end === undefined) return input;
    const raw = input.slice(0, end);
    const key = keyOf(raw);
    if (raw === pasteStart) this.#paste = { text: '', last: this.#now() };
    else if (key) events.push({ type: 'key', key, raw });
    return input.slice(end);
  }

  #pasted(input: string, events: InputEvent[]): string {
    const open = this.#paste ?? { text: '', last: this.#now() };
    if ((input === escape || input === '\u0003') && this.#now() - open.last > pasteSilenceMs) {
      this.#paste = undefined;
      return '';
    }
    const whole = open.text + input;
    const end = whole.indexOf(pasteEnd, Math.max(0, open.text.length - pasteEnd.length));
    if (end < 0) {
      // The end mark may be torn: its first half has to stay
      const text = whole.length > pasteMax ? whole.slice(0, pasteMax) + whole.slice(-pasteEnd.length) : whole;
      this.#paste = { text, last: this.#now() };
      return '';
    }
    this.#paste = undefined;
    events.push({ type: 'paste', text: whole.slice(0, Math.min(end, pasteMax)) });
    return whole.slice(end + pasteEnd.length);
  }
}
