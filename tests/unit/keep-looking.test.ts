import { expect, test, vi } from 'vitest';
import { keepLooking } from '../../src/kit/keep-looking.ts';

/** What each look does in turn, as words: an error is one that begins with `!`. */
const looking = async (turns: readonly string[], firstAfterMs?: number) => {
  const end = new AbortController();
  const seen: string[] = [];
  const told: string[] = [];
  const kept = keepLooking(
    async () => {
      const turn = turns[seen.length];
      if (turn === undefined) return end.abort();
      seen.push(turn);
      if (turn.startsWith('!')) throw new Error(turn);
    },
    {
      signal: end.signal,
      ...(firstAfterMs === undefined ? {} : { firstAfterMs }),
      everyMs: 1,
      onError: error => told.push(error instanceof Error ? error.message : ''),
    },
  );
  await kept;
  return { seen, told };
};

test('it looks until the signal, whatever goes wrong', async () => {
  expect(await looking(['a', '!b', 'c'])).toEqual({ seen: ['a', '!b', 'c'], told: ['!b'] });
});

test('the same trouble is told once, another one too, and the first again after it went well', async () => {
  const { told } = await looking(['!away', '!away', '!away', '!full', '!away', 'well', '!away', '!away']);
  expect(told).toEqual(['!away', '!full', '!away', '!away']);
});

test('without a pause before the first look it looks at once, with one it waits', async () => {
  vi.useFakeTimers();
  try {
    const end = new AbortController();
    const looks: string[] = [];
    const loop = (name: string, firstAfterMs?: number): Promise<void> =>
      keepLooking(async () => looks.push(name), {
        signal: end.signal,
        ...(firstAfterMs === undefined ? {} : { firstAfterMs }),
        everyMs: 60_000,
        onError: () => undefined,
      });
    const loops = [loop('at once'), loop('later', 60_000)];
    expect(looks).toEqual(['at once']);
    end.abort();
    await Promise.all(loops);
    expect(looks).toEqual(['at once']);
  } finally {
    vi.useRealTimers();
  }
});

test('what breaks because of the signal is not told', async () => {
  const end = new AbortController();
  const told: unknown[] = [];
  const look = async (): Promise<void> => {
    end.abort();
    throw new Error('cut off');
  };
  await keepLooking(look, { signal: end.signal, everyMs: 1, onError: error => told.push(error) });
  expect(told).toEqual([]);
});
