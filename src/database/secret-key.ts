import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

const keyLength = 32;
const hexKey = new RegExp(`^[0-9a-f]{${2 * keyLength}}\\s*$`, 'i');
/** Rights of the group and of everybody else. */
const others = 0o077;

/** A key that cannot be used. Its message is one line and says what to do. */
export class SecretKeyError extends Error {
  override name = 'SecretKeyError';
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const rightsOf = async (file: FileHandle): Promise<number> => (await file.stat()).mode & 0o777;

const parseKey = (file: string, text: string): Buffer => {
  if (hexKey.test(text)) return Buffer.from(text.trim(), 'hex');
  // Never a new one in its place: what the old one sealed could not be opened any more
  throw new SecretKeyError(`${file} does not hold ${2 * keyLength} hexadecimal digits: restore it from its backup`);
};

/** Checks and reads one open file, so that no other can take its place in between. */
const readKeyFile = async (file: string): Promise<Buffer> => {
  await using opened = await open(file);
  const rights = await rightsOf(opened);
  if (rights & others)
    throw new SecretKeyError(
      `${file} can be used by others (mode ${rights.toString(8)}): chmod 600 it; whoever may have read it knows the key`,
    );
  return parseKey(file, await opened.readFile('utf8'));
};

const synchronize = async (folder: string): Promise<void> => {
  await using opened = await open(folder);
  await opened.sync();
};

/** Writes a key whole under another name and links it: of consoles that do so at once the first one's key is everybody's. */
const createKeyFile = async (file: string): Promise<void> => {
  const folder = path.dirname(file);
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    {
      await using opened = await open(unfinished, 'wx', 0o600);
      await opened.writeFile(`${randomBytes(keyLength).toString('hex')}\n`);
      await opened.sync();
    }
    await link(unfinished, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
  // a key that a power cut takes away takes with it all that it sealed meanwhile
  await synchronize(folder);
};

/** The folder for keys in a home, made at its first use. */
const prepareKeyFolder = async (home: string): Promise<void> => {
  const folder = path.join(home, 'keys');
  // what lies above the home is no secret, and the embedded server's account may have to get through
  await mkdir(path.dirname(home), { recursive: true });
  await mkdir(home, { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  await using opened = await open(folder);
  const rights = await rightsOf(opened);
  if (rights & others) throw new SecretKeyError(`${folder} can be used by others (mode ${rights.toString(8)}): chmod 700 it`);
};

const explained = (file: string, error: unknown): unknown => {
  const code = codeOf(error);
  if (code === 'ENOENT')
    return new SecretKeyError(`${file} is missing: restore it, or let BURSAR_SECRET_KEY_FILE name the file that holds the key`);
  if (code === 'EACCES' || code === 'EPERM')
    return new SecretKeyError(`${file} cannot be read (${code}): let its owner be whoever starts Bursar`);
  return error;
};

/** The key that no database holds: of the file given, which must be there, or of the home, where it is made at its first use. */
export const readSecretKey = async (home: string, given?: string): Promise<Buffer> => {
  const file = given ?? path.join(home, 'keys', 'secret.key');
  try {
    if (given === undefined) await prepareKeyFolder(home);
    return await readKeyFile(file).catch(async (error: unknown) => {
      if (given !== undefined || codeOf(error) !== 'ENOENT') throw error;
      await createKeyFile(file);
      return readKeyFile(file);
    });
  } catch (error) {
    throw explained(file, error);
  }
};

const subkey = (key: Buffer, use: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', `bursar ${use}`, keyLength));

/** The key of the TOTP seeds. The database sees it whenever it checks a code, so it opens nothing else. */
export const seedKeyOf = (secretKey: Buffer): Buffer => subkey(secretKey, 'totp seeds');

/** What signs the manifests of backups, and what seals their files. */
export const backupKeysOf = (secretKey: Buffer): { readonly signing: Buffer; readonly sealing: Buffer } => ({
  signing: subkey(secretKey, 'backup manifests'),
  sealing: subkey(secretKey, 'backup files'),
});

export type Sealed = { readonly iv: Buffer; readonly sealed: Buffer };

/** AES-256-CBC with PKCS7, which is what pgcrypto's decrypt_iv(…, 'aes') opens. */
export const seal = (key: Buffer, plain: Buffer): Sealed => {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return { iv, sealed: Buffer.concat([cipher.update(plain), cipher.final()]) };
};

const ivLength = 12;
const tagLength = 16;

/** A text that only the same key opens for the same purpose, in letters fit for a URL (AES-256-GCM). */
export const sealText = (key: Buffer, text: string, purpose: string): string => {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv('aes-256-gcm', subkey(key, 'texts'), iv, { authTagLength: tagLength }).setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
};

/** Throws where the text was sealed with another key or for another purpose, or was changed. */
export const openText = (key: Buffer, sealed: string, purpose: string): string => {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, ivLength);
  const tag = bytes.subarray(ivLength, ivLength + tagLength);
  if (tag.length < tagLength) throw new SecretKeyError('a sealed text is cut off');
  const decipher = createDecipheriv('aes-256-gcm', subkey(key, 'texts'), iv, { authTagLength: tagLength });
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag);
  try {
    return decipher.update(bytes.subarray(ivLength + tagLength), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new SecretKeyError(`a text for ${purpose} was sealed with another key, or was changed since`);
  }
};

const noticePurpose = 'notice';

/** The link or code of a notice, as it lies in the outbox until it leaves. */
export const sealNotice = (key: Buffer, secret: string): string => sealText(key, secret, noticePurpose);

/** Throws as `openText` does. */
export const openNotice = (key: Buffer, sealed: string): string => openText(key, sealed, noticePurpose);
