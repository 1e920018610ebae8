import { render } from 'ink-testing-library';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { TextField } from '../../src/tui/parts/text-field.tsx';

/** Ends only what would never come. */
const patient = { timeout: 60_000, interval: 10 };

/** A field that keeps what is typed, as the state does for the console. */
const Typing = ({ secret }: { readonly secret: boolean }) => {
  const [value, setValue] = useState('');
  return <TextField label="Note " value={value} onText={setValue} secret={secret} />;
};

const typed = async (keys: readonly string[], secret: boolean): Promise<() => string> => {
  const field = render(<Typing secret={secret} />);
  for (const key of keys) {
    field.stdin.write(key);
    await new Promise(resolve => setImmediate(resolve)); // one key a turn, as the dispatcher feeds it
  }
  return () => field.lastFrame() ?? '';
};

test('a field shows what is typed, letter by letter, and takes letters back', async () => {
  const frame = await typed([...'court ordex'.split(''), '\u007F', 'r'], false);
  await vi.waitFor(() => expect(frame()).toContain('court order'), patient);
});

test('a secret shows that something was typed, and nothing of what', async () => {
  const frame = await typed('correct horse'.split(''), true);
  await vi.waitFor(() => expect(frame()).toContain('*'.repeat(13)), patient);
  expect(frame()).not.toContain('corre');
});
