import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { countFiles, removeFiles } from '../../../src/maintenance/cleanup/folder.ts';
import { hostileTexts } from '../../support/hostile-bank.ts';
import { aCommandHome } from '../../support/command.ts';

const never = new AbortController().signal;
/** Everything that a test wrote is older. */
const tomorrow = (): Date => new Date(Date.now() + 86_400_000);

let home: string;
let root: string;
beforeEach(() => {
  home = aCommandHome();
  root = path.join(home, 'platform', 'tmp');
  mkdirSync(root, { recursive: true });
});

const remove = async (boundary = tomorrow(), most = Infinity): Promise<number> => {
  let removed = 0;
  await removeFiles({ root, boundary, signal: never }, async () => ++removed < most);
  return removed;
};

test('what is old goes with its folders; what is young stays, and the folder itself always', async () => {
  mkdirSync(path.join(root, 'a', 'b'), { recursive: true });
  writeFileSync(path.join(root, 'a', 'b', 'one'), '12345');
  writeFileSync(path.join(root, 'two'), '123');
  const yesterday = new Date(Date.now() - 86_400_000);
  expect(await countFiles({ root, boundary: yesterday, signal: never })).toMatchObject({ rows: 0, bytes: 0 });
  expect(await remove(yesterday)).toBe(0);
  expect(await countFiles({ root, boundary: tomorrow(), signal: never })).toMatchObject({ rows: 2, bytes: 8 });
  expect(await remove()).toBe(2);
  expect([existsSync(root), readdirSync(root)]).toEqual([true, []]);
});

test('links are removed as links: what they lead to is neither counted nor touched', async () => {
  const outside = path.join(home, 'precious');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'ledger'), 'all of it');
  symlinkSync(outside, path.join(root, 'folder'));
  symlinkSync(path.join(outside, 'ledger'), path.join(root, 'file'));
  symlinkSync('/', path.join(root, 'all'));
  expect(await countFiles({ root, boundary: tomorrow(), signal: never })).toMatchObject({ rows: 3 });
  expect(await remove()).toBe(3);
  expect(existsSync(path.join(outside, 'ledger'))).toBe(true);
});

test('a folder that becomes a link while it is cleaned leads nowhere', async () => {
  const outside = path.join(home, 'precious');
  mkdirSync(outside);
  for (let index = 0; index < 40; index++) writeFileSync(path.join(outside, `file-${index}`), '');
  for (let round = 0; round < 6; round++) {
    const inner = path.join(root, 'inner');
    mkdirSync(inner);
    for (let index = 0; index < 40; index++) writeFileSync(path.join(inner, `file-${index}`), '');
    let seen = 0;
    await removeFiles({ root, boundary: tomorrow(), signal: never }, async () => {
      if (++seen === 5 + round) {
        renameSync(inner, path.join(home, 'moved'));
        symlinkSync(outside, inner);
      }
      return true;
    });
    expect(readdirSync(outside)).toHaveLength(40);
    rmSync(path.join(home, 'moved'), { recursive: true });
    rmSync(inner, { force: true });
  }
});

test('names may be anything that the disk takes', async () => {
  const names = hostileTexts
    .map(text => text.replaceAll(/[/\0]/g, '_').slice(0, 60))
    .filter(name => name !== '' && name !== '.' && name !== '..');
  for (const name of new Set([...names, '-rf', '$(touch effect)', 'a\nb', '*', '..a'])) writeFileSync(path.join(root, name), '');
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x80])]), '');
  const count = readdirSync(root, { encoding: 'buffer' }).length;
  expect(await countFiles({ root, boundary: tomorrow(), signal: never })).toMatchObject({ rows: count });
  expect(await remove()).toBe(count);
  expect(readdirSync(root)).toEqual([]);
});

test('it ends where it is told to', async () => {
  for (let index = 0; index < 30; index++) writeFileSync(path.join(root, `file-${index}`), '');
  expect(await remove(tomorrow(), 11)).toBe(11);
  expect(readdirSync(root)).toHaveLength(19);
});

test('neither the root, nor a folder of the system, nor a link is cleaned', async () => {
  symlinkSync(root, path.join(home, 'link'));
  for (const place of ['/', '/home', '/etc/ssl', '/usr/lib', '/proc/self/fd', path.join(home, 'link'), `${root}/../../..`])
    await expect(countFiles({ root: place, boundary: tomorrow(), signal: never })).rejects.toThrow(/too near|is a link|round about/);
});
