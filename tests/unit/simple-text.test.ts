import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { LazySegmenter } from '../../scripts/build/segmenter.ts';
import { simpleCharacters } from '../../scripts/build/simple-text.ts';

// The bundle takes the length of such text for its width and each character for a grapheme: true for every one of them, beside every other kind.
const simple = new RegExp(`^[${simpleCharacters}]$`);
const all = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter(character => simple.test(character));
const graphemes = (text: string) => [...new Intl.Segmenter().segment(text)];

test('a simple character is one column wide', () => {
  expect(all.length).toBeGreaterThan(1400);
  expect(all.filter(character => stringWidth(character) !== 1)).toEqual([]);
  expect(stringWidth(all.join(''))).toBe(all.length);
});

test('a simple character never joins with another', () => {
  expect(graphemes(all.join(''))).toHaveLength(all.length);
  expect(graphemes(all.toReversed().join(''))).toHaveLength(all.length);
  expect(all.filter(character => graphemes(character + character).length !== 2)).toEqual([]);
});

test.each(['', 'Ada Byron', 'Zoë │ ━ € 12,50', 'Ωмега', '日本', 'e\u0301', '👩‍👩‍👧', 'a\r\nb', '\u001B[7mx\u001B[0m'])(
  'segments of %j are those of Intl',
  text => {
    expect([...new LazySegmenter().segment(text)]).toEqual(graphemes(text));
    expect([...new LazySegmenter('en', { granularity: 'word' }).segment(text)]).toEqual([
      ...new Intl.Segmenter('en', { granularity: 'word' }).segment(text),
    ]);
  },
);
