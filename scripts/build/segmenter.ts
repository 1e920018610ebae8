import { simpleCharacters } from './simple-text.ts';

const simple = new RegExp(`^[${simpleCharacters}]*$`);

const characters = function* (input: string): Generator<Intl.SegmentData> {
  for (let index = 0; index < input.length; index += 1) yield { segment: input.charAt(index), index, input };
};

/** Stands for Intl.Segmenter in the bundle: five packages make one at the start, and rarely is there anything to segment. */
export class LazySegmenter {
  readonly #make: () => Intl.Segmenter;
  readonly #graphemes: boolean;
  #real: Intl.Segmenter | undefined;

  constructor(locales?: Intl.LocalesArgument, options: Intl.SegmenterOptions = {}) {
    this.#make = () => new globalThis.Intl.Segmenter(locales, options);
    this.#graphemes = (options.granularity ?? 'grapheme') === 'grapheme';
  }

  segment(text: string): Pick<Intl.Segments, 'containing' | typeof Symbol.iterator> {
    if (this.#graphemes && simple.test(text)) {
      const containing = (index = 0) => ({ segment: text.charAt(index), index, input: text });
      return { containing, [Symbol.iterator]: () => characters(text)[Symbol.iterator]() };
    }
    this.#real ??= this.#make();
    return this.#real.segment(text);
  }
}
