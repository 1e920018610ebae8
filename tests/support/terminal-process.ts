// A small program on the terminal layer, for tests in a real pseudo-terminal: its frame says its size, process and last key.
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { render, Text, useWindowSize } from 'ink';
import { createElement } from 'react';
import { whyNoScreen } from '../../src/tui/terminal/ability.ts';
import { openTerminal } from '../../src/tui/terminal/terminal.ts';

const objection = whyNoScreen(process);
if (objection !== undefined) {
  console.error(objection);
  process.exit(2);
}
const terminal = await openTerminal(process, { mayCopy: text => text !== 'secret' });
let last = 'none';
let beat = 0;

const actions: Record<string, () => unknown> = {
  q: () => terminal.end(),
  t: () => setImmediate(() => { throw new Error('thrown\u001b[31m\nhere'); }), // prettier-ignore
  r: () => void Promise.reject(new Error('rejected')),
  z: terminal.suspend,
  l: () => terminal.output.repaint(),
  w: () => console.log('a stray line'),
  c: () => terminal.copy('447100930012') && terminal.copy('secret'),
  e: () =>
    terminal.handOver(() =>
      once(spawn('sh', ['-c', 'stty -a | grep -o " echo "; read -r line; echo "got $line"'], { stdio: 'inherit' }), 'exit'),
    ),
  b: () => setInterval(() => { beat += 1; redraw(); }, 5), // prettier-ignore
};

const Frame = (shown: { last: string; beat: number }) => {
  const { columns, rows } = useWindowSize();
  const head = `size ${columns}x${rows} pid ${process.pid} last ${shown.last} beat ${shown.beat}`;
  const body = Array.from({ length: rows - 2 }, (_, y) => `${y} 王é ${String((y + shown.beat) % 10).repeat(columns - 10)}|`);
  terminal.output.show(['', `\u001b[1;31m${head.padEnd(columns)}\u001b[0m`, ...body]);
  return createElement(Text, {}, 'drawn by Ink');
};
const app = render(createElement(Frame, { last, beat }), terminal.forInk);
const redraw = (): void => app.rerender(createElement(Frame, { last, beat }));

terminal.input.listen({
  isTyping: () => false,
  onKeys: keys => {
    last = keys.map(key => (key.ctrl ? `^${key.name}` : key.name)).join('');
    redraw();
    for (const key of keys) actions[key.ctrl ? 'z' : key.name]?.();
  },
  onTypedKey: () => true,
  onPaste: text => {
    last = `paste ${text.length}`;
    redraw();
  },
});
process.on('SIGUSR2', () => writeFileSync(process.argv[2] ?? '', String(beat)));

const { code } = await terminal.ended;
app.unmount();
console.log(`tidied up, code ${code}`);
process.exit(code);
