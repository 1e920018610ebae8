import { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, fit, safe } from '../../src/domain/safe-text.ts';

const unsafe = /[\p{C}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\u{1F3FB}-\u{1F3FF}\u2800]/u;

/** What people try on terminals, in pieces; any Unicode comes between them. */
const attacks = [
  '\u001b[2J', '\u001b]52;c;aGk=\u0007', '\u001b]0;title\u001b\\', '\u001b]8;;http://x\u0007', '\u009b31m', '\u0090q', '\r', '\n', '\t', '\b', '\u007f',
  '\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\u200d', '\ufeff', '\u2060', '\u00ad', '\u2028', '\u2029', '\u{e0041}', '\ufe0f', '\u{e0101}',
  '\ud800', '\udfff', '\u0301'.repeat(40), '\u20dd', '\u115f', '\u1112\u1161\u11ab', '\u2800', '\u{1f44d}\u{1f3fd}', '\u{1f1e9}\u{1f1ea}', 'é', 'Ж', '王', 'ก็', 'लक्ष्मी',
]; // prettier-ignore
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...attacks), fc.string({ unit: 'binary', maxLength: 6 }), fc.string({ maxLength: 6 })), { maxLength: 8 })
  .map(parts => parts.join(''));

describe('safe', () => {
  test('plain text is untouched', () => {
    expect(safe('Acme Ltd, 12 High St.')).toBe('Acme Ltd, 12 High St.');
    expect(safe('Łódź Ünal 王小明 Жанна लक्ष्मी ก็')).toBe('Łódź Ünal 王小明 Жанна लक्ष्मी ก็');
  });

  test('what a terminal would obey or hide is shown', () => {
    expect(safe('a\u001b[31mb')).toBe('a␛[31mb');
    expect(safe('one\ttwo\r\nthree')).toBe('one␉two␍␊three');
    expect(safe('\u009b\u007f\u0000')).toBe('\\u{9B}␡␀');
    expect(safe('\u202eevil\u2069')).toBe('\\u{202E}evil\\u{2069}');
    expect(safe('ad\u200bmin')).toBe('ad\\u{200B}min');
    expect(safe('x\ud800y')).toBe('x\\u{D800}y');
    expect(safe('\u{e0061}')).toBe('\\u{E0061}');
    expect(safe('❤\ufe0f')).toBe('❤\\u{FE0F}');
  });

  test('marks sit on letters only, four at most', () => {
    expect(safe('e\u0301')).toBe('e\u0301');
    expect(safe(' \u0301')).toBe(' \\u{301}');
    expect(safe('e' + '\u0301'.repeat(5))).toBe(`e${'\u0301'.repeat(4)}\\u{301}`);
  });

  test('any value becomes text', () => {
    const thrower = { toJSON: () => { throw new Error('no'); } }; // prettier-ignore
    expect([null, undefined, 12n, true, new Error('a\nb'), { a: 'b\n' }, thrower, new Date(NaN)].map(value => safe(value))).toEqual([
      '', '', '12', 'true', 'a␊b', '{"a":"b\\n"}', '[object Object]', '[object Date]',
    ]); // prettier-ignore
  });

  test('10,000 hostile strings: nothing outside the allow-list, and again is the same', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 60 }), (text, max) => {
        const once = safe(text);
        expect(once).not.toMatch(unsafe);
        expect(safe(once)).toBe(once);
        const short = safe(text, { max });
        expect(short.length).toBeLessThanOrEqual(max);
        expect(safe(short, { max })).toBe(short);
      }),
      { seed: 20_261_121, numRuns: 10_000 },
    );
  });

  test('a note of a million characters costs a few milliseconds', () => {
    const notes = ['x', '\u202e', '王', '\u1112\u1161', 'e\u0301'].map(unit => unit.repeat(1_000_000 / unit.length));
    safe(notes[1]);
    const started = process.cpuUsage();
    const lengths = notes.map(note => safe(note).length);
    // of this process alone, in milliseconds: what else the machine does is not counted
    const each = process.cpuUsage(started).user / 1_000 / notes.length;
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4000);
    expect(notes.map(note => safe(note).endsWith('~'))).toEqual([true, true, true, true, true]);
    expect(each).toBeLessThan(10);
  });
});

describe('columns', () => {
  test('fit gives exactly the width and keeps graphemes whole', () => {
    expect(fit('abc', 5)).toBe('abc  ');
    expect(fit('12.50', 8, 'right')).toBe('   12.50');
    expect(fit('abcdef', 4)).toBe('abc~');
    expect(fit('王小明', 4)).toBe('王~ ');
    expect(fit('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301~');
    expect(fit('abc', 0)).toBe('');
    expect(columnsOf('😀王a')).toBe(5);
  });

  test('hostile strings fit exactly', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 0, max: 30 }), fc.constantFrom('left' as const, 'right' as const), (text, width, align) => {
        expect(columnsOf(fit(safe(text), width, align))).toBe(width);
      }),
      { seed: 20_261_121, numRuns: 3000 },
    );
  });

  test('a terminal advances by as many columns', async () => {
    const terminal = new Terminal({ cols: 2000, rows: 2, allowProposedApi: true });
    // Its tables are of Unicode 6, before pictures became wide: letters and marks that it knows
    const piece = fc.constantFrom(
      ...attacks.filter(text => !/[\u{1f000}-\u{1faff}]/u.test(text)),
      'ß',
      'Ω',
      '漢字',
      'かな',
      'ﾊﾟ',
      '한글',
      'שלום',
      'مرحبا',
      '①',
      '→',
      '█',
    );
    for (const text of fc.sample(fc.array(piece, { maxLength: 12 }), 500).map(parts => safe(parts.join('')))) {
      terminal.reset();
      await new Promise<void>(resolve => terminal.write(text, resolve));
      expect([text, terminal.buffer.active.cursorX]).toEqual([text, columnsOf(text)]);
    }
  });
});
