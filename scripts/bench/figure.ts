/** One measured figure. `target` is the figure to reach (at most, or at least), in the same unit. */
export type Figure = {
  readonly group: 'screen' | 'data' | 'writing' | 'detection';
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly kind: 'at most' | 'at least'; readonly value: number };
};

/** The value below which that share of the samples lies. */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

const met = ({ value, target }: Figure): boolean | undefined =>
  target === undefined ? undefined : target.kind === 'at most' ? value <= target.value : value >= target.value;

const rounded = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

const lineOf = (figure: Figure): string => {
  const verdict = met(figure);
  const target = figure.target ? `${figure.target.kind} ${rounded(figure.target.value)} ${figure.unit}` : '';
  return [
    figure.group.padEnd(9),
    figure.what.padEnd(58),
    `${rounded(figure.value)} ${figure.unit}`.padStart(16),
    target.padEnd(24),
    verdict === undefined ? '' : verdict ? 'met' : 'MISSED',
  ].join('  ');
};

/** The figures as one table, then as one line of JSON. */
export const report = (figures: readonly Figure[]): string =>
  [...figures.map(lineOf), '', JSON.stringify(figures.map(figure => ({ ...figure, met: met(figure) })))].join('\n');
