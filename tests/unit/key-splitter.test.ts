import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeySplitter, type InputEvent } from '../../src/tui/terminal/split-keys.ts';

const shortOf = (event: InputEvent): string => {
  if (event.type === 'paste') return `paste(${event.text})`;
  const { name, ctrl, alt, shift, text } = event.key;
  const marks = `${ctrl ? 'C-' : ''}${alt ? 'M-' : ''}${shift && text === '' ? 'S-' : ''}`;
  return `${marks}${name}`;
};
const split = (...chunks: string[]): string[] => {
  const splitter = new KeySplitter(() => 0);
  return [...chunks.flatMap(chunk => splitter.push(chunk)), ...splitter.flush()].map(shortOf);
};

describe('keys', () => {
  test('glued keys are single keys', () => {
    expect(split('jjj')).toEqual(['j', 'j', 'j']);
    expect(split('abc\r')).toEqual(['a', 'b', 'c', 'enter']);
    expect(split('\u007f\u007f\b')).toEqual(['backspace', 'backspace', 'backspace']);
    expect(split('\u001b[A\u001b[Bj\u001bOA')).toEqual(['up', 'down', 'j', 'up']);
    expect(split('\u001b\u001b')).toEqual(['escape', 'escape']);
    expect(split('\u001b\u001b[A')).toEqual(['escape', 'up']);
  });

  test('names', () => {
    expect(split('\t\u001b[Z \u0004\u0000')).toEqual(['tab', 'S-tab', 'space', 'C-d', 'C-space']);
    expect(split('\u001b[5~\u001b[6~\u001b[H\u001b[F\u001b[1~\u001b[4~\u001b[3~')).toEqual([
      'pageup',
      'pagedown',
      'home',
      'end',
      'home',
      'end',
      'delete',
    ]);
    expect(split('\u001b[1;3D\u001b[1;5C\u001b[3;5~')).toEqual(['M-left', 'C-right', 'C-delete']);
    expect(split('\u001bx\u001b[')).toEqual(['M-x', 'M-[']);
    expect(split('\u001bOP\u001b[[A\u001b[15~')).toEqual(['f1', 'f1', 'f5']);
    expect(split('\u001b[97;5u\u001b[27;5;9~')).toEqual(['C-a', 'C-tab']);
    expect(split('G\u001cÉ')).toEqual(['G', 'C-\\', 'É']);
  });

  test('graphemes stay whole', () => {
    expect(split('e\u0301王👍🏽a')).toEqual(['e\u0301', '王', '👍🏽', 'a']);
  });

  test('torn sequences are one key', () => {
    expect(split('\u001b', '[', '1', ';5', 'C')).toEqual(['C-right']);
    expect(split('\u001b[', '20', '0~a', 'b\u001b[20', '1~c')).toEqual(['paste(ab)', 'c']);
  });

  test('what is no key is nothing', () => {
    expect(split('\u001b[I\u001b[O\u001b[?1;2c\u001b[24;80R\u001b[<0;1;1M')).toEqual([]);
    expect(split('\u001b]11;rgb:0/0/0\u0007\u001bP1$r0m\u001b\\j')).toEqual(['j']);
    expect(split('\u009b')).toEqual([]);
  });
});

describe('pastes', () => {
  test('a paste is one event, whatever is in it', () => {
    expect(split('x\u001b[200~a\u001b[Ab\r\nq\u001b[201~y')).toEqual(['x', 'paste(a\u001b[Ab\r\nq)', 'y']);
  });

  test('a paste of ten million characters is cut', () => {
    const splitter = new KeySplitter(() => 0);
    const chunk = 'x'.repeat(1_000_000);
    const events = ['\u001b[200~', ...Array<string>(10).fill(chunk), '\u001b[201~j'].flatMap(part => splitter.push(part));
    expect(events.map(event => (event.type === 'paste' ? event.text.length : event.key.name))).toEqual([1_000_000, 'j']);
  });

  test('when its end is lost, Esc after a silence gives the keyboard back', () => {
    let time = 0;
    const splitter = new KeySplitter(() => time);
    expect(splitter.push('\u001b[200~abc')).toEqual([]);
    expect(splitter.push('\u001b')).toEqual([]);
    time = 5000;
    expect(splitter.push('\u001b')).toEqual([]);
    expect(splitter.push('j').map(shortOf)).toEqual(['j']);
  });
});

test('however the bytes are torn, the same keys come out', () => {
  const piece = fc.constantFrom(
    'j',
    'q',
    '\r',
    '\u007f',
    '\u001b[A',
    '\u001b[5~',
    '\u001b[1;3D',
    '\u001b[200~p\u001bq\r\u001b[201~',
    'é',
    '王',
    '\u001bOF',
    '\u001bx',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (pieces, sizes) => {
      const input = pieces.join('');
      const chunks: string[] = [];
      for (let at = 0; at < input.length;) {
        const size = sizes[chunks.length % sizes.length] ?? 1;
        chunks.push(input.slice(at, at + size));
        at += size;
      }
      expect(split(...chunks)).toEqual(split(input));
      expect(split(input)).toHaveLength(pieces.length);
    }),
    { seed: 20_261_121 },
  );
});
