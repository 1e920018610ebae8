import { render } from 'ink';
import { describe, expect, test, vi } from 'vitest';
import { frameOf } from '../../../src/tui/frame.ts';
import { Overlay } from '../../../src/tui/screen.tsx';
import { newLine } from '../../../src/tui/state/start.ts';
import type { State } from '../../../src/tui/state/types.ts';
import { Canvas } from '../../../src/tui/terminal/canvas.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { pictureOf } from '../../support/frame.tsx';
import { aConfirm, aState, freezeForm, inMode, large, medium, numberOf, small } from '../../support/state.ts';

const states: Readonly<Record<string, State>> = {
  'a list': aState(large, { view: { marks: new Set(['4']) } }),
  'a form': inMode(medium, { kind: 'form', form: freezeForm() }),
  'a field': inMode(small, { kind: 'form', form: freezeForm({ focus: 1, typed: { note: 'order 4711' } }) }),
  'words to type': inMode(small, { kind: 'confirm', confirm: aConfirm({ words: numberOf(2), typed: '447', focus: 'words' }) }),
  'a filter': inMode(small, { kind: 'filter', line: newLine('byron') }),
};

/** Ends only what would never come. */
const patient = { timeout: 60_000, interval: 10 };

describe('lines under what Ink draws make the same picture as Ink alone', () => {
  test.each(Object.entries(states))('%s', async (_name, state) => {
    const terminal = new FakeTerminal(state.size);
    const { stage } = terminal;
    stage.output.show(frameOf(state));
    const instance = render(<Overlay state={state} onText={() => undefined} />, stage.forInk);
    const shown = () => terminal.frame().replaceAll(/ +$/gm, '').trimEnd();
    await vi.waitFor(() => expect(shown()).toBe(pictureOf(state).trimEnd()), patient);
    instance.unmount();
    terminal.close();
  });
});

/** A form on a terminal in memory, drawn again whenever its field with the focus has a new value. */
const aFormOnScreen = (focus: number) => {
  const terminal = new FakeTerminal(small);
  const { stage } = terminal;
  const values: string[] = [];
  let form = freezeForm({ focus });
  const screen = () => <Overlay state={inMode(small, { kind: 'form', form })} onText={changed} />;
  const changed = (text: string): void => {
    values.push(text);
    form = { ...form, typed: { ...form.typed, [form.fields[focus]!.key]: text } };
    instance.rerender(screen());
  };
  const instance = render(screen(), stage.forInk);
  stage.input.listen({ isTyping: () => true, onKeys: () => undefined, onTypedKey: () => true, onPaste: () => undefined });
  const close = () => {
    instance.unmount();
    terminal.close();
  };
  return { terminal, values, close };
};

test('letters sent at once reach the text field one by one, none is lost', async () => {
  const { terminal, values, close } = aFormOnScreen(1);
  terminal.send('order 47\u007f\u007f11');
  await vi.waitFor(() => expect(values.at(-1)).toBe('order 11'), patient);
  await vi.waitFor(() => expect(terminal.frame()).toContain('> Note                 order 11'), patient);
  close();
});

test('arrows sent at once move through the choices one by one', async () => {
  const { terminal, values, close } = aFormOnScreen(0);
  terminal.send('\u001b[B\u001b[B\u001b[B\u001b[A');
  await vi.waitFor(
    () => expect(values).toEqual(['suspicious pattern', 'unauthorised access', 'compliance', 'unauthorised access']),
    patient,
  );
  await vi.waitFor(() => expect(terminal.frame()).toContain('> unauthorised access'), patient);
  close();
});

test('without colours the cursor, the marks and every status are still there', () => {
  const canvas = new Canvas(0);
  canvas.forget(large.columns, large.rows);
  const bytes = canvas.draw(frameOf(aState(large, { view: { marks: new Set(['4']) } })), []);
  // oxlint-disable-next-line no-control-regex -- the colours are looked for
  const styles = new Set([...bytes.matchAll(/\u001B\[([\d;]*)m/g)].flatMap(([, codes = '']) => codes.split(';')));
  expect([...styles].toSorted()).toEqual(['', '1', '2', '7']);
  expect(bytes).toContain('> 447100930082');
  expect(bytes).toContain('*447100930117');
  expect(bytes).toContain('frozen');
});
