import { readvSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** A terminal stream of which we alone write; what others write to it meanwhile goes elsewhere. */
export type OwnStream = { write: (text: string) => boolean; release: () => void };

export const own = (stream: WriteStream, onStray: (text: string) => void): OwnStream => {
  const write = stream.write.bind(stream);
  const stray = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    onStray(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const written = rest.at(-1);
    if (typeof written === 'function') queueMicrotask(written as () => void);
    return true;
  };
  stream.write = stray;
  return {
    write: text => write(text),
    release: () => {
      stream.write = write;
    },
  };
};

/**
 * Node lets writes to terminals block. A terminal that stops reading (the laptop at the other end of the SSH session sleeps) would
 * then stop the program in the middle of whatever it does. There is no public way to say so.
 */
export const setBlocking = (stream: WriteStream, isBlocking: boolean): void => {
  const { _handle: handle } = stream as unknown as { _handle?: { setBlocking?: (on: boolean) => unknown } };
  handle?.setBlocking?.(isBlocking);
};

/**
 * Reads nothing from the terminal: a job in the background is stopped by that until it is in front again. Only then are the modes of
 * the terminal those of our shell between commands, worth noting and bringing back.
 */
export const waitForForeground = (stdin: { fd: number }): void => {
  try {
    readvSync(stdin.fd, [new Uint8Array(0)]);
  } catch {
    // Nobody could bring this job to the front, or the terminal has gone: what comes next will tell
  }
};
