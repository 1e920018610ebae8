import type { LogLine, LogRing } from './log-types.ts';

/** Lines and characters that are held. A line has 16,000 characters at most. */
export const mostLines = 10_000;
const mostCharacters = 8_000_000;

export const emptyRing: LogRing = { lines: [], characters: 0, next: 0, fallen: 0 };

/** More is held than there is room for: somebody looks back, and what they look at stays. */
export const isOverfull = ({ lines, characters }: LogRing): boolean => lines.length > mostLines || characters > mostCharacters;

/** Without the oldest lines for which there is no room; what stands at `keep` or after it stays. */
export const trimmed = (ring: LogRing, keep = Infinity): LogRing => {
  if (!isOverfull(ring)) return ring;
  let { characters } = ring;
  let count = 0;
  for (const { seq, text } of ring.lines) {
    if (seq >= keep || (ring.lines.length - count <= mostLines && characters <= mostCharacters)) break;
    characters -= text.length;
    count += 1;
  }
  return count === 0 ? ring : { ...ring, lines: ring.lines.slice(count), characters, fallen: ring.fallen + count };
};

export const added = (ring: LogRing, came: readonly Omit<LogLine, 'seq'>[], keep?: number): LogRing => {
  const lines = came.map((line, index) => ({ ...line, seq: ring.next + index }));
  const characters = lines.reduce((sum, { text }) => sum + text.length, ring.characters);
  return trimmed({ ...ring, lines: [...ring.lines, ...lines], characters, next: ring.next + lines.length }, keep);
};

/** The place of the first line with this number or a later one. */
export const indexFrom = (lines: readonly LogLine[], seq: number): number => {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
};
