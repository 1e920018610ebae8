const blocks = '▁▂▃▄▅▆▇█';
/** The same heights on a terminal that has only ASCII. */
const marks = '_.-=+*#@';

export type SparklineOptions = { readonly ascii?: boolean };

/** A row of small columns, one per value, from zero to the largest: `▁▂▅█`. Whatever is above zero is seen to be. */
export const sparkline = (values: readonly number[], { ascii = false }: SparklineOptions = {}): string => {
  const levels = ascii ? marks : blocks;
  const sound = values.map(value => (Number.isFinite(value) && value > 0 ? value : 0));
  const largest = Math.max(...sound, 0);
  return sound.map(value => levels[value === 0 ? 0 : Math.max(1, Math.round((value / largest) * (levels.length - 1)))]).join('');
};

/** A sparkline that was drawn already, for a terminal that has only ASCII. */
export const asciiSparkline = (drawn: string): string => drawn.replaceAll(/[▁-█]/g, block => marks[blocks.indexOf(block)] ?? block);

/** How much of a whole: `[###.......]`. Full only when all is used, empty only when nothing is. */
export const bar = (part: bigint, whole: bigint, width = 10): string => {
  const share = whole <= 0n ? 0 : Math.min(1, Math.max(0, Number(part) / Number(whole)));
  const filled = share === 0 || share === 1 ? share * width : Math.min(width - 1, Math.max(1, Math.round(share * width)));
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
};

/** How a figure moved against an earlier one: `+12 %`, `same`, `new`. */
export const change = (now: number, before: number): string => {
  if (now === before) return 'same';
  if (before === 0) return 'new';
  const percent = Math.round(((now - before) / before) * 100);
  return percent === 0 ? 'same' : `${percent > 0 ? '+' : ''}${percent.toLocaleString('en')} %`;
};
