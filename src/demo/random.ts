/** A seeded source of chance: the same seed and stream give the same bank on every machine. */
export type Random = {
  /** At least 0, below 1. */
  readonly next: () => number;
  readonly below: (limit: number) => number;
  /** A whole number; both ends may come. */
  readonly between: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** Log-normal: most values near the median, a few far above. */
  readonly around: (median: number, sigma: number) => number;
  readonly uuid: () => string;
};

/** Spreads a text over 32 bits (FNV-1a), so that each stream starts elsewhere. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
};

/** sfc32: small, fast, and passes the usual batteries. */
const sfc32 = (seed: number, stream: number): (() => number) => {
  let a = seed | 0;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = stream | 0;
  let counter = 1;
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round++) step();
  return step;
};

/** The stream of that name under a seed; streams do not disturb one another. */
export const randomFrom = (seed: number, stream: string): Random => {
  const step = sfc32(seed, hashOf(stream));
  const next = (): number => step() / 0x1_0000_0000;
  const below = (limit: number): number => Math.floor(next() * limit);
  const hex = (): string => step().toString(16).padStart(8, '0');
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: probability => next() < probability,
    pick: items => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('there is nothing to pick from');
      return item;
    },
    around: (median, sigma) => median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
    uuid: () => {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
};
