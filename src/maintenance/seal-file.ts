import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { WorkRefused } from './define-work.ts';
import { measuring, synchronize, type Measured } from './files.ts';

/** Marks what only the key of backups opens, and the form that it has. */
const mark = Buffer.from('BURSAR1\n');
const saltLength = 32;
const tagLength = 16;
/** Octets that are sealed at a time: each piece is whole by itself, so that none is given out before it was proved. */
const pieceLength = 1 << 20;
const algorithm = 'aes-256-gcm';

type Piece = { readonly octets: Buffer; readonly last: boolean };

/** Pieces of one length, of which only the last may be shorter and says so. */
async function* inPieces(source: AsyncIterable<Buffer>, length: number): AsyncGenerator<Piece> {
  let held: Buffer[] = [];
  let octets = 0;
  for await (const more of source) {
    held.push(more);
    octets += more.length;
    while (octets > length) {
      const all = Buffer.concat(held);
      yield { octets: all.subarray(0, length), last: false };
      held = [all.subarray(length)];
      octets -= length;
    }
  }
  yield { octets: Buffer.concat(held), last: true };
}

/** Every file has a key of its own, which is bound to its name: none can stand in for another. */
const keyOf = (key: Buffer, salt: Buffer, name: string): Buffer => Buffer.from(hkdfSync('sha256', key, salt, `bursar file ${name}`, 32));

/** Says which piece it is and whether it is the last: none can be left out, moved or cut off. */
const nonceOf = (index: number, last: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(last ? 1 : 0, 0);
  nonce.writeBigUInt64BE(BigInt(index), 4);
  return nonce;
};

async function* sealed(
  source: AsyncIterable<Buffer>,
  key: Buffer,
  name: string,
  onPlain: (octets: Buffer) => void,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltLength);
  const fileKey = keyOf(key, salt, name);
  yield Buffer.concat([mark, salt]);
  let index = 0;
  for await (const { octets, last } of inPieces(source, pieceLength)) {
    onPlain(octets);
    const cipher = createCipheriv(algorithm, fileKey, nonceOf(index++, last), { authTagLength: tagLength });
    yield Buffer.concat([cipher.update(octets), cipher.final(), cipher.getAuthTag()]);
  }
}

async function* openedPieces(pieces: AsyncIterator<Buffer>, key: Buffer, name: string): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < mark.length + saltLength) {
    const piece = await pieces.next();
    if (piece.done === true) throw new WorkRefused(`${name} is cut off`);
    head = Buffer.concat([head, piece.value]);
  }
  if (!head.subarray(0, mark.length).equals(mark)) throw new WorkRefused(`${name} was not sealed by Bursar`);
  const fileKey = keyOf(key, head.subarray(mark.length, mark.length + saltLength), name);
  const rest = head.subarray(mark.length + saltLength);
  const remaining = async function* (): AsyncGenerator<Buffer> {
    yield rest;
    yield* { [Symbol.asyncIterator]: () => pieces };
  };
  let index = 0;
  for await (const { octets, last } of inPieces(remaining(), pieceLength + tagLength)) {
    if (octets.length < tagLength) throw new WorkRefused(`${name} is cut off`);
    const decipher = createDecipheriv(algorithm, fileKey, nonceOf(index++, last), { authTagLength: tagLength });
    decipher.setAuthTag(octets.subarray(octets.length - tagLength));
    const plain = decipher.update(octets.subarray(0, octets.length - tagLength));
    try {
      decipher.final();
    } catch {
      throw new WorkRefused(`${name} was sealed with another key, or was changed or cut off since`);
    }
    yield plain;
  }
}

async function* opened(source: AsyncIterable<Buffer>, key: Buffer, name: string): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    yield* openedPieces(pieces, key, name);
  } finally {
    await pieces.return?.(); // closes the file, also where its first octets were refused
  }
}

type SealedFile = Measured & { readonly plain: Measured };

/** Writes what comes in sealed; nobody counts it. */
export const writeSealed = async (
  source: AsyncIterable<Buffer>,
  to: string,
  name: string,
  key: Buffer,
  signal: AbortSignal,
): Promise<void> => {
  await pipeline(
    sealed(source, key, name, () => undefined),
    createWriteStream(to, { flags: 'wx', mode: 0o600 }),
    { signal },
  );
  await synchronize(to);
};

/** Writes what comes in sealed, AES-256-GCM piece by piece; what was not sealed never lies on the disk. */
export const sealStream = async (
  source: AsyncIterable<Buffer>,
  to: string,
  name: string,
  key: Buffer,
  signal: AbortSignal,
): Promise<SealedFile> => {
  const outside = measuring();
  const inside = createHash('sha256');
  let octets = 0;
  const count = (piece: Buffer): void => {
    inside.update(piece);
    octets += piece.length;
  };
  await pipeline(sealed(source, key, name, count), outside.stream, createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal });
  await synchronize(to);
  return { ...outside.result(), plain: { octets, sha256: inside.digest('hex') } };
};

/** Writes a file sealed beside it. */
export const sealFile = (from: string, to: string, name: string, key: Buffer, signal: AbortSignal): Promise<SealedFile> =>
  sealStream(createReadStream(from) as AsyncIterable<Buffer>, to, name, key, signal);

/** Octets of a sealed file, by those of what is in it. */
export const sealedLength = (octets: number): number =>
  mark.length + saltLength + octets + tagLength * Math.max(1, Math.ceil(octets / pieceLength));

/** What is inside a sealed file. Ends with WorkRefused at the first piece that is not as it was written. */
export const openFile = async (file: string, name: string, key: Buffer): Promise<AsyncIterable<Buffer>> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  return opened(createReadStream('', { fd: handle, highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>, key, name);
};
