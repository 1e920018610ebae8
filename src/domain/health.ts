/** What a measure means for whoever is on call. `unknown`: not measured, or too long ago; `none`: only told, without a threshold. */
export const grades = ['bad', 'warn', 'unknown', 'good', 'none'] as const;
export type Grade = (typeof grades)[number];

export const healthGroups = ['database', 'host', 'platform', 'ledger', 'audit', 'backup'] as const;
type HealthGroup = (typeof healthGroups)[number];

export type Unit = 'percent' | 'seconds' | 'milliseconds' | 'bytes' | 'count' | 'hours' | 'days' | 'load' | 'rate' | 'yes';

/** Something that is measured, with what it means and what helps. */
export type Measure = {
  /** Its name in the database and in `bursar health --json`. */
  readonly name: string;
  readonly group: HealthGroup;
  readonly title: string;
  readonly unit: Unit;
  /** From here on it is worth a look, and from here on it is wrong, where nobody set it otherwise (health-thresholds.ts); both left out where it is only told. */
  readonly warn?: number;
  readonly bad?: number;
  /** Little of it is what is wrong. */
  readonly low?: true;
  readonly means: string;
  /** What to do, in words; the keys of the pane do it. */
  readonly helps: string;
  /** The pane that shows what stands behind it. */
  readonly behind?: string;
};

/** One measuring: of the database, or of one thing on one host. */
export type Reading = {
  readonly measure: string;
  /** A disk, a certificate; empty where there is one of it. */
  readonly subject?: string;
  readonly value: number | null;
  /** What only whoever measured can know: a service that is down. */
  readonly grade?: 'warn' | 'bad' | null;
  readonly words: string;
};

const beyond = (value: number, threshold: number | undefined, low: boolean): boolean =>
  threshold !== undefined && (low ? value < threshold : value >= threshold);

/** How a value stands to the thresholds of its measure. */
export const gradeOf = (measure: Measure, { value, grade }: Pick<Reading, 'value' | 'grade'>): Grade => {
  const low = measure.low === true;
  if (grade === 'bad' || (value !== null && beyond(value, measure.bad, low))) return 'bad';
  if (grade === 'warn' || (value !== null && beyond(value, measure.warn, low))) return 'warn';
  if (measure.warn === undefined && measure.bad === undefined && grade === undefined) return 'none';
  return value === null ? 'unknown' : measure.warn === undefined && measure.bad === undefined ? 'none' : 'good';
};

/** What is older than this says nothing of now, in seconds: the database is measured every minute, a host every five. */
const staleAfter = { console: 240, host: 960 } as const;

/** The grade of what was measured a while ago: too long ago is unknown, whatever it was. */
export const gradeNow = (
  measure: Measure,
  { host, ageSeconds, ...reading }: Pick<Reading, 'value' | 'grade'> & { readonly host: string | null; readonly ageSeconds: number },
): Grade => (ageSeconds > (host === null ? staleAfter.console : staleAfter.host) ? 'unknown' : gradeOf(measure, reading));

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

const size = (octets: number): string => {
  const step = Math.min(sizes.length - 1, octets < 1 ? 0 : Math.floor(Math.log2(octets) / 10));
  const shown = octets / 1024 ** step;
  return `${shown < 10 && step > 0 ? shown.toFixed(1) : Math.round(shown)} ${sizes[step] ?? 'B'}`;
};

const few = (value: number): string =>
  Math.abs(value) < 10 && value !== Math.round(value) ? value.toFixed(1) : Math.round(value).toLocaleString('en');

const duration = (seconds: number): string => {
  if (seconds < 120) return `${few(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400).toLocaleString('en')} d`;
};

/** A value as people read it, such as `81 %`, `2.4 GB`, `3 min`. */
export const formatValue = (unit: Unit, value: number | null): string => {
  if (value === null) return '-';
  switch (unit) {
    case 'percent':
      return `${few(value)} %`;
    case 'seconds':
      return duration(value);
    case 'milliseconds':
      return value < 10_000 ? `${few(value)} ms` : duration(value / 1_000);
    case 'bytes':
      return size(value);
    case 'hours':
      return duration(value * 3_600);
    case 'days':
      return value >= 3_650 ? 'over 9 years' : `${few(value)} d`;
    case 'load':
      return value.toFixed(2);
    case 'rate':
      return `${size(value)}/s`;
    case 'yes':
      return value > 0 ? 'yes' : 'no';
    case 'count':
      return few(value);
  }
};

/** `from 80 %, wrong from 90 %`: both thresholds of a measure in words. */
export const thresholdWords = ({ unit, warn, bad, low }: Measure): string => {
  if (unit === 'yes') return `${bad === undefined ? 'worth a look' : 'wrong'} where it is ${low ? 'no' : 'yes'}`;
  const from = low ? 'below' : 'from';
  const [first, second] = [warn, bad].map(value => (value === undefined ? undefined : formatValue(unit, value)));
  if (first === undefined && second === undefined) return 'none';
  return [first === undefined ? [] : `${from} ${first}`, second === undefined ? [] : `wrong ${from} ${second}`].flat().join(', ');
};

/** `5 s` and not `5,000 ms`: both stand in one narrow column. */
const shortValue = (unit: Unit, value: number): string =>
  unit === 'milliseconds' && value >= 1_000 ? formatValue('seconds', value / 1_000) : formatValue(unit, value);

/** The same for a column: `80 % / 90 %`. */
export const shortThreshold = ({ unit, warn, bad, low }: Measure): string =>
  (warn === undefined && bad === undefined) || unit === 'yes'
    ? '-'
    : `${low ? '<' : ''}${[warn, bad].map(value => (value === undefined ? '-' : shortValue(unit, value))).join(' / ')}`;
