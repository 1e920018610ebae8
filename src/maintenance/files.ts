import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { Transform as PassOn } from 'node:stream';

/** Octets and hash of what was read or written. */
export type Measured = { readonly octets: number; readonly sha256: string };

/** Passes octets on, counting and hashing them. */
export const measuring = (
  onOctets: (octets: number) => void = () => {},
): { readonly stream: Transform; readonly result: () => Measured } => {
  const hash = createHash('sha256');
  let octets = 0;
  const stream = new PassOn({
    transform: (piece: Buffer, _encoding, next) => {
      hash.update(piece);
      octets += piece.length;
      onOctets(octets);
      next(null, piece);
    },
  });
  return { stream, result: () => ({ octets, sha256: hash.copy().digest('hex') }) };
};

/** Reads a file whole. A link in its place is not followed. */
export const measureFile = async (file: string | Buffer, signal: AbortSignal): Promise<Measured> => {
  const hash = createHash('sha256');
  let octets = 0;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  for await (const piece of createReadStream('', { fd: handle, signal, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    octets += piece.length;
  }
  return { octets, sha256: hash.digest('hex') };
};

/** Forces a file, or the names in a folder, to the disk. */
export const synchronize = async (place: string | Buffer): Promise<void> => {
  await using opened = await open(place);
  await opened.sync();
};
