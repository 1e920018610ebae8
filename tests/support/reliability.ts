/** Set by `npm run bench:reliability`: the counts of TARGETS.md instead of those that fit into `npm test`. */
export const full = process.env['BURSAR_FULL'] === '1';

/** `test.each(inFullOnly)`: a test of the full counts alone. `npm test` does not know it, since a test that is skipped there fails the run. */
export const inFullOnly: readonly ['with the full counts'][] = full ? [['with the full counts']] : [];

/** Which numbers a run draws; the same seed gives the same run. */
export const seed = Number(process.env['BURSAR_SEED'] ?? 4471);

type Figures = Readonly<Record<string, string | number>>;

/** Prints what was measured, for the reader of the test's output. */
export const report = (what: string, figures: Figures): void => {
  console.info(`${what}: ${Object.entries(figures).map(([name, value]) => `${typeof value === 'number' ? value.toLocaleString('en') : value} ${name}`).join(', ')}`); // prettier-ignore
};

/** Runs `work` for every item, so many at a time, each worker with its own resource. */
export const inParallel = async <Resource, Item>(
  resources: readonly Resource[],
  items: readonly Item[],
  work: (resource: Resource, item: Item, index: number) => Promise<void>,
): Promise<void> => {
  let next = 0;
  await Promise.all(
    resources.map(async resource => {
      for (let index = next++; index < items.length; index = next++) await work(resource, items[index] as Item, index);
    }),
  );
};
