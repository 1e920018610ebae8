import { carryInto, carryWhole, advanceSequences } from './ops.ts';
import { countOf, fetchRows, setByArrivals, type Sides } from './merge.ts';
import { pairTables, type Late, type Pair } from './pairs.ts';
import { otherChecks, setAside, tablesOf } from './tables.ts';

/** Whether newer migrations have made room for all that waits. */
export const hasRoom = async (sides: Sides, late: readonly Late[]): Promise<boolean> => {
  const here = await tablesOf(sides.scratch, 'ops');
  return late.every(({ table, columns }) => {
    const known = here.get(table)?.columns;
    return known !== undefined && columns.every(column => known.includes(column));
  });
};

const carryOne = async (sides: Sides, { table, isBehind }: Pair, { columns, filled }: Late): Promise<number> => {
  if (columns.length > 0) {
    const some = { ...table, columns: [...table.key, ...columns] };
    if (table.key.length === 0) return 0;
    await fetchRows(sides, some, 'true');
    return setByArrivals(sides.scratch, some);
  }
  // What migrations filled is as it was before; what they only made may have got rows of its own since
  if (!isBehind && (filled || (await countOf(sides.scratch, table.name)) === 0)) {
    await sides.scratch.query(`DELETE FROM ${table.name}`);
    return carryWhole(sides, table);
  }
  return carryInto(sides, table);
};

/** Brings over what a restored schema could not hold, once migrations have made room for it: `live` is the replaced database. Gives what came, in words. */
export const carryLate = async (sides: Sides, late: readonly Late[], migrations: string): Promise<readonly string[]> => {
  const { pairs } = await pairTables(sides, migrations);
  const both = late.flatMap(one => {
    const pair = pairs.find(({ table }) => table.name === one.table);
    return pair ? [{ one, pair }] : [];
  });
  const told = await setAside(
    sides.scratch,
    both.map(({ pair }) => pair.table.name),
    async () => {
      const words: string[] = [];
      for (const { one, pair } of both) {
        const rows = await carryOne(sides, pair, one);
        if (rows > 0) words.push(`${one.table}: ${rows} rows${one.columns.length > 0 ? ` (${one.columns.join(', ')})` : ''}`);
      }
      return words;
    },
    await otherChecks(sides.live, sides.scratch),
  );
  await advanceSequences(sides);
  return told;
};
