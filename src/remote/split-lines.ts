import { StringDecoder } from 'node:string_decoder';

/** Characters of a line that are kept; what is longer is cut, so that a log without line ends fills no memory. */
const longest = 16_000;

/** Puts pieces together to lines; a character that was cut in two is whole again. */
export const lineSplitter = (): ((piece: Buffer) => readonly string[]) => {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  return piece => {
    const parts = (begun + decoder.write(piece)).split('\n');
    begun = (parts.pop() ?? '').slice(0, longest);
    return parts.map(line => line.slice(0, longest));
  };
};
