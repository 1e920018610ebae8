import { EventEmitter } from 'node:events';
import { Box, render, type Instance } from 'ink';
import SelectInput from 'ink-select-input';
import TextInput from 'ink-text-input';
import { createElement, useState } from 'react';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CellOutput } from '../../src/tui/terminal/cell-output.ts';
import { KeyInput, type KeyConsumer } from '../../src/tui/terminal/key-input.ts';
import type { Key } from '../../src/tui/terminal/key.ts';

class FakeStdin extends EventEmitter {
  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

/** Turns of the event loop; each key of a field takes one. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve));
};

const open = (consumer: Partial<KeyConsumer> = {}) => {
  const stdin = new FakeStdin();
  const heard: string[] = [];
  const input = new KeyInput(stdin, 20, () => 0);
  const names = (keys: readonly Key[]): string => keys.map(key => key.name).join(' ');
  input.listen({
    isTyping: () => false,
    onKeys: keys => {
      heard.push(names(keys));
    },
    onTypedKey: key => {
      heard.push(`typed ${key.name}`);
      return true;
    },
    onPaste: text => {
      heard.push(`paste ${text}`);
    },
    ...consumer,
  });
  input.start();
  return { stdin, input, heard };
};

describe('browsing', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('200 keys at once are one call', () => {
    const { stdin, heard } = open();
    stdin.type('j'.repeat(200));
    expect(heard).toEqual([Array<string>(200).fill('j').join(' ')]);
  });

  test('a paste comes between the keys, never as keys', async () => {
    const { stdin, heard } = open();
    stdin.type('j\u001b[200~dd\u001b[201~k');
    await turns(4);
    expect(heard).toEqual(['j', 'paste dd', 'k']);
  });

  test('a lone Esc is a key after 20 ms, not before', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { stdin, heard } = open();
    stdin.type('\u001b');
    vi.advanceTimersByTime(19);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(['escape']);
  });

  test('characters torn between reads stay whole', () => {
    const { stdin, heard } = open();
    const bytes = Buffer.from('é');
    stdin.emit('data', bytes.subarray(0, 1));
    stdin.emit('data', bytes.subarray(1));
    expect(heard).toEqual(['é']);
  });

  test('what a key leaves unused comes again, as typing if a field has opened', async () => {
    let typing = false;
    const { stdin, heard } = open({
      isTyping: () => typing,
      onKeys: keys => {
        heard.push(keys.map(key => key.name).join(' '));
        const slash = keys.findIndex(key => key.name === '/');
        typing = slash >= 0;
        return slash >= 0 ? slash + 1 : keys.length;
      },
    });
    stdin.type('jj/ab\r');
    await turns(8);
    expect(heard).toEqual(['j j / a b enter', 'typed a', 'typed b', 'typed enter']);
  });
});

describe('typing into the fields of Ink', () => {
  let app: Instance | undefined;
  afterEach(() => app?.unmount());

  const openField = (swallowed: string[] = []) => {
    const state = { value: '', submitted: '' };
    const screen = Object.assign(new EventEmitter(), { size: () => ({ columns: 80, rows: 24 }), write: () => true });
    const terminal = open({ isTyping: () => true, onTypedKey: key => !swallowed.includes(key.name) });
    const Field = () => {
      const [value, setValue] = useState('');
      state.value = value;
      return createElement(TextInput, { value, onChange: setValue, onSubmit: text => void (state.submitted = text) });
    };
    app = render(createElement(Box, {}, createElement(Field)), {
      stdin: terminal.input.stdin,
      stdout: new CellOutput(screen, 256).stdout,
      interactive: true,
      patchConsole: false,
      exitOnCtrlC: false,
    });
    return { ...terminal, state };
  };

  test('glued letters, backspaces and Enter arrive one by one', async () => {
    const { stdin, state } = openField();
    await turns(3);
    stdin.type('hallo\u007f\u007f\u007f\u001b[DX\u001b[Ce\u0301\r');
    await turns(30);
    expect(state).toEqual({ value: 'hXae\u0301', submitted: 'hXae\u0301' });
  });

  test('swallowed, control and unknown keys do not reach the field', async () => {
    const { stdin, state } = openField(['enter', 'q']);
    await turns(3);
    stdin.type('aq\u0003\u0004\u001bx\u001bOPb\u001b[5~\r');
    await turns(30);
    expect(state).toEqual({ value: 'ab', submitted: '' });
  });

  test('a paste goes in as one piece at the cursor', async () => {
    const { stdin, input, state } = openField();
    await turns(3);
    stdin.type('ad\u001b[D');
    await turns(6);
    input.enter('b\r\nc\u001b\u007f');
    await turns(3);
    stdin.type('!');
    await turns(6);
    expect(state.value).toBe('ab c!d');
  });

  test('two arrows at once move a menu twice', async () => {
    const chosen: string[] = [];
    const screen = Object.assign(new EventEmitter(), { size: () => ({ columns: 80, rows: 24 }), write: () => true });
    const { stdin, input } = open({ isTyping: () => true, onTypedKey: () => true });
    const items = ['one', 'two', 'three'].map(value => ({ label: value, value }));
    app = render(createElement(SelectInput, { items, onSelect: item => void chosen.push(String(item.value)) }), {
      stdin: input.stdin,
      stdout: new CellOutput(screen, 256).stdout,
      interactive: true,
      patchConsole: false,
    });
    await turns(3);
    stdin.type('\u001b[B\u001b[B\r');
    await turns(10);
    expect(chosen).toEqual(['three']);
  });
});
