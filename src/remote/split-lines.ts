import { StringDecoder } from 'node:string_decoder';
import { longestLine } from '../domain/log-lines.ts';

/** Puts pieces together to lines; a character that was cut in two is whole again. */
export const lineSplitter = (): ((piece: Buffer) => readonly string[]) => {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  return piece => {
    const parts = (begun + decoder.write(piece)).split('\n');
    begun = (parts.pop() ?? '').slice(0, longestLine);
    return parts.map(line => line.slice(0, longestLine));
  };
};
