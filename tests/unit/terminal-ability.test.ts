import { describe, expect, test } from 'vitest';
import { coloursOf, whyNoScreen } from '../../src/tui/terminal/ability.ts';
import { copySequence } from '../../src/tui/terminal/modes.ts';

test.each([
  [{ TERM: 'xterm-256color' }, 256],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 256],
  [{ TERM: 'linux' }, 16],
  [{ TERM: 'screen' }, 16],
  [{ TERM: 'vt220' }, 0],
  [{ TERM: 'xterm-mono' }, 0],
  [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 0],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, 256],
])('%o shows %i colours', (env, colours) => {
  expect(coloursOf(env)).toBe(colours);
});

describe('the full screen is refused in one sentence', () => {
  const tty = { isTTY: true };
  test.each([
    [{ stdin: tty, stdout: {}, env: { TERM: 'xterm' } }, /output/],
    [{ stdin: {}, stdout: tty, env: { TERM: 'xterm' } }, /input/],
    [{ stdin: tty, stdout: tty, env: { TERM: 'dumb' } }, /TERM/],
    [{ stdin: tty, stdout: tty, env: {} }, /TERM/],
  ])('case %#', (streams, sentence) => {
    expect(whyNoScreen(streams)).toMatch(sentence);
  });

  test('and not where it can be drawn', () => {
    expect(whyNoScreen({ stdin: tty, stdout: tty, env: { TERM: 'xterm' } })).toBeUndefined();
  });
});

test('a text that is too long for the clipboard of a terminal is not sent', () => {
  expect(copySequence('447100930012')).toBe('\u001b]52;c;NDQ3MTAwOTMwMDEy\u0007');
  expect(copySequence('x'.repeat(60_000))).toBeUndefined();
});
