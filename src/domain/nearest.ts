/** How many letters must be added, removed, changed or swapped with their neighbour to make one word of the other. */
const distance = (from: string, to: string): number => {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const above = rows[i - 1] ?? [];
      const changed = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : changed;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed, swapped));
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? 0;
};

/** Longer words are no slips of a finger. */
const longestWord = 40;

const wrongIn = (word: string, candidate: string): number => distance(word.toLowerCase(), candidate.toLowerCase());
const mostWrong = (candidate: string): number => Math.max(1, Math.floor(candidate.length / 3));

/** The words that were probably meant, the likeliest first: those that are near enough, and those of which it is a part. */
export const nearestFew = (word: string, words: readonly string[], most = 4): readonly string[] => {
  if (word === '' || word.length > longestWord) return [];
  const part = word.toLowerCase();
  return words
    .map(candidate => ({ candidate, wrong: wrongIn(word, candidate), holds: part.length > 2 && candidate.toLowerCase().includes(part) }))
    .filter(({ candidate, wrong, holds }) => holds || wrong <= mostWrong(candidate))
    .toSorted((a, b) => Number(b.holds) - Number(a.holds) || a.wrong - b.wrong)
    .slice(0, most)
    .map(({ candidate }) => candidate);
};

/** The word that was probably meant, if one is near enough to ask for: a third of its letters may be wrong. */
export const nearest = (word: string, words: readonly string[]): string | undefined => {
  if (word.length > longestWord) return undefined;
  const [best] = words
    .map(candidate => ({ candidate, wrong: wrongIn(word, candidate) }))
    .filter(({ candidate, wrong }) => wrong <= mostWrong(candidate))
    .toSorted((a, b) => a.wrong - b.wrong);
  return best?.candidate;
};
