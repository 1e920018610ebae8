/** What a restore of an older backup left to be done, wherever it is told: in one sentence without its end. */
export const lackingWords = (count: number): string =>
  `an older backup was restored, and ${count === 1 ? 'one migration waits' : `${count} migrations wait`}: "bursar maintain migrations --what apply" on the host of the database applies ${count === 1 ? 'it' : 'them'} and brings over what waited`;
