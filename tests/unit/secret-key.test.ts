import { createDecipheriv } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openText, readSecretKey, seal, sealText, SecretKeyError, seedKeyOf } from '../../src/database/secret-key.ts';

const aFolder = async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bursar-key-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

test('a home gets its key at the first use and keeps it, for its owner only', async () => {
  await using folder = await aFolder();
  const home = path.join(folder.path, 'not', 'there', 'yet');
  const key = await readSecretKey(home);
  expect(key).toHaveLength(32);
  expect(await readSecretKey(home)).toEqual(key);
  expect(await readFile(path.join(home, 'keys', 'secret.key'), 'utf8')).toBe(`${key.toString('hex')}\n`);
  expect([await modeOf(path.join(home, 'keys')), await modeOf(path.join(home, 'keys', 'secret.key'))]).toEqual(['700', '600']);
});

test('consoles that start at once get one key and leave no other file', async () => {
  await using folder = await aFolder();
  const keys = await Promise.all(Array.from({ length: 20 }, () => readSecretKey(folder.path)));
  expect(new Set(keys.map(key => key.toString('hex'))).size).toBe(1);
  expect(await readdir(path.join(folder.path, 'keys'))).toEqual(['secret.key']);
});

test('a key that others can use is refused, whether the file or the folder lets them', async () => {
  await using folder = await aFolder();
  await readSecretKey(folder.path);
  const file = path.join(folder.path, 'keys', 'secret.key');
  await chmod(file, 0o640);
  await expect(readSecretKey(folder.path)).rejects.toThrow(`${file} can be used by others (mode 640): chmod 600`);
  await chmod(file, 0o600);
  await chmod(path.dirname(file), 0o755);
  await expect(readSecretKey(folder.path)).rejects.toThrow(`${path.dirname(file)} can be used by others (mode 755): chmod 700`);
});

test.each(['', 'ab'.repeat(31), 'ab'.repeat(33), 'xy'.repeat(32)])('a damaged key is refused and never replaced: %j', async content => {
  await using folder = await aFolder();
  const file = path.join(folder.path, 'keys', 'secret.key');
  await mkdir(path.dirname(file), { mode: 0o700 });
  await writeFile(file, content, { mode: 0o600 });
  const error: unknown = await readSecretKey(folder.path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SecretKeyError);
  expect((error as Error).message).toBe(`${file} does not hold 64 hexadecimal digits: restore it from its backup`);
  expect(await readFile(file, 'utf8')).toBe(content);
});

test('a key file given by name is used instead, and never made', async () => {
  await using folder = await aFolder();
  const given = path.join(folder.path, 'given.key');
  await expect(readSecretKey(folder.path, given)).rejects.toThrow(`${given} is missing`);
  await writeFile(given, 'ab'.repeat(32), { mode: 0o400 });
  expect(await readSecretKey(folder.path, given)).toEqual(Buffer.alloc(32, 0xab));
  expect(await readdir(folder.path)).toEqual(['given.key']);
});

const key = Buffer.alloc(32, 7);

test('sealing twice gives different bytes that open to the same', () => {
  const plain = Buffer.from('12345678901234567890');
  const [one, other] = [seal(key, plain), seal(key, plain)];
  expect(one.iv).toHaveLength(16);
  expect(one.sealed.equals(other.sealed)).toBe(false);
  const opener = createDecipheriv('aes-256-cbc', key, one.iv);
  expect(Buffer.concat([opener.update(one.sealed), opener.final()])).toEqual(plain);
});

test('the key that the database sees is not the key of the texts', () => {
  const seedKey = seedKeyOf(key);
  expect(seedKey).toHaveLength(32);
  expect(() => openText(seedKey, sealText(key, 'token', 'reset link'), 'reset link')).toThrow(SecretKeyError);
});

test('a sealed text opens with its key for its purpose, and shows nothing', () => {
  const text = 'token-4711 für Łucja';
  const sealed = sealText(key, text, 'reset link');
  expect(sealed).toMatch(/^[\w-]+$/);
  expect(Buffer.from(sealed, 'base64url').includes('4711')).toBe(false);
  expect(sealText(key, text, 'reset link')).not.toBe(sealed);
  expect(openText(key, sealed, 'reset link')).toBe(text);
  expect(openText(key, sealText(key, '', 'reset link'), 'reset link')).toBe('');
});

test('a sealed text opens with no other key, for no other purpose, and in no byte changed', () => {
  const sealed = sealText(key, 'token', 'reset link');
  expect(() => openText(Buffer.alloc(32, 8), sealed, 'reset link')).toThrow('a text for reset link was sealed with another key');
  expect(() => openText(key, sealed, 'invite')).toThrow('a text for invite was sealed with another key');
  const bytes = Buffer.from(sealed, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => openText(key, changed.toString('base64url'), 'reset link')).toThrow(SecretKeyError);
  }
  for (const length of [0, 12, 20, 28]) {
    expect(() => openText(key, bytes.subarray(0, length).toString('base64url'), 'reset link')).toThrow(SecretKeyError);
  }
});
