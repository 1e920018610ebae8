import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { newSshKey } from '../../src/demo/host/keys.ts';

test(
  'whatever key a demo makes for its host can be read again: of a thousand that ssh2 makes some four cannot',
  { timeout: 60_000 },
  async () => {
    const refused: string[] = [];
    for (let made = 0; made < 1_000; made++) {
      const key = ssh2.utils.parseKey(await newSshKey('a test'));
      if (key instanceof Error) refused.push(key.message);
    }
    expect(refused).toEqual([]);
  },
);
