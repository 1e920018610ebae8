import { formatValue, type Measure, type Unit } from './health.ts';
import { measureNamed, measures } from './health-measures.ts';

/** Both thresholds of a measure, as the state is called on screen that begins there. */
export const thresholdLevels = ['look', 'wrong'] as const;
export type ThresholdLevel = (typeof thresholdLevels)[number];

const fieldOf = { look: 'warn', wrong: 'bad' } as const;

/** `health.host-disk.look`: the setting of a threshold. */
export const thresholdKey = (measure: string, level: ThresholdLevel): string => `health.${measure}.${level}`;

/** How settings count: octets by the GB, everything else in the unit of its measure. */
const perUnit = (unit: Unit): number => (unit === 'bytes' ? 1_024 ** 3 : 1);

const unitWords: Readonly<Record<Unit, string>> = {
  percent: 'percent', seconds: 'seconds', milliseconds: 'ms', bytes: 'GB', count: 'how many', hours: 'hours', days: 'days', load: 'programs for each CPU', rate: 'octets a second', yes: 'yes or no',
}; // prettier-ignore

/** Beyond these a measure would be blind: a share that is never reached, less than nothing, an answer that is waited for no longer. */
const bounds = ({ name, unit, low }: Measure): readonly [min: number, max: number] => {
  switch (unit) {
    case 'percent':
      return low ? [1, 100] : [1, 99];
    case 'seconds':
      return [1, 86_400];
    case 'milliseconds':
      // Whoever probes a platform waits five seconds and no longer
      return [1, name.startsWith('platform-') ? 5_000 : 60_000];
    case 'bytes':
    case 'rate':
      return [0.1, 100_000];
    case 'hours':
      return [1, 168];
    case 'days':
      return [1, low ? 3_650 : 366];
    case 'load':
      return [0.1, 100];
    case 'count':
      // CPUs, memory and disk: no more than three can be too small
      return [1, name === 'host-floor' ? 3 : 10_000];
    case 'yes':
      return [0, 1];
  }
};

/** Beyond this it is told late; one may want that, knowingly. What protects (backups, drills, ledger, audit) is not to be told later than it came. */
const safeLimit = (measure: Measure, usual: number): number => {
  const { name, unit, low, bad } = measure;
  if (name === 'backup-size') return bad ?? usual;
  if (low) return usual / 2;
  if (unit === 'percent') return (usual + 100) / 2;
  return unit === 'hours' || unit === 'days' ? (bad ?? usual) : Math.min(usual * 10, bounds(measure)[1]);
};

/** A threshold as a setting that two people change. */
export type ThresholdSetting = {
  readonly key: string;
  readonly measure: string;
  readonly level: ThresholdLevel;
  readonly label: string;
  readonly type: 'integer' | 'decimal';
  /** What it is where nobody set it otherwise. */
  readonly usual: number;
  readonly min: number;
  readonly max: number;
  readonly safeMin: number | null;
  readonly safeMax: number | null;
  readonly standard: string;
  readonly description: string;
};

const settingOf = (measure: Measure, level: ThresholdLevel): readonly ThresholdSetting[] => {
  const { name, title, unit, low, means } = measure;
  const value = measure[fieldOf[level]];
  if (value === undefined || unit === 'yes') return [];
  const [min, max] = bounds(measure);
  const usual = value / perUnit(unit);
  const limit = safeLimit(measure, usual);
  const from = low ? 'below' : 'from';
  return [
    {
      key: thresholdKey(name, level), measure: name, level, label: `${title}: ${level} ${from} (${unitWords[unit]})`, type: unit === 'count' ? 'integer' : 'decimal', usual, min, max,
      safeMin: low ? limit : null, safeMax: low ? null : limit,
      standard: `${low ? 'below' : 'above'} ${formatValue(unit, limit * perUnit(unit))} it may be told too late to help`,
      description: `Health is "${level}" ${from} so many (${unitWords[unit]}): ${means}`,
    },
  ]; // prettier-ignore
};

/** Every threshold that can be set. What is yes or no, and what is only told, has none. */
export const thresholdSettings: readonly ThresholdSetting[] = measures.flatMap(measure =>
  thresholdLevels.flatMap(level => settingOf(measure, level)),
);

const byKey = new Map(thresholdSettings.map(setting => [setting.key, setting]));
export const thresholdNamed = (key: string): ThresholdSetting | undefined => byKey.get(key);

/** Thresholds by their settings' keys, as they are kept. */
export type ThresholdValues = ReadonlyMap<string, unknown>;

const valueOf = (measure: Measure, level: ThresholdLevel, values: ThresholdValues): number | undefined => {
  const value = values.get(thresholdKey(measure.name, level));
  return typeof value === 'number' && measure[fieldOf[level]] !== undefined ? value * perUnit(measure.unit) : measure[fieldOf[level]];
};

/** A measure with the thresholds that are set for it, or its usual ones. */
const measureSet = (measure: Measure, values: ThresholdValues): Measure => {
  const [warn, bad] = [valueOf(measure, 'look', values), valueOf(measure, 'wrong', values)];
  return { ...measure, ...(warn === undefined ? {} : { warn }), ...(bad === undefined ? {} : { bad }) };
};

/** Finds a measure as it is judged by now; undefined for one that another version of the program measured. */
export type Judge = (name: string) => Measure | undefined;

/** Judges by what is set. */
export const judgeBy = (values: ThresholdValues): Judge => {
  const set = new Map(measures.map(measure => [measure.name, measureSet(measure, values)]));
  return name => set.get(name);
};

/** A value of such a setting as people read it, with its unit. */
export const formatThreshold = ({ measure }: ThresholdSetting, value: unknown): string => {
  const unit = measureNamed(measure)?.unit;
  return typeof value === 'number' && unit !== undefined ? formatValue(unit, value * perUnit(unit)) : String(value);
};

/** Why a threshold cannot be that while the other one is what it is: what is wrong must be worth a look before. */
export const whyNotThreshold = (key: string, value: unknown, values: ThresholdValues): string | undefined => {
  const setting = thresholdNamed(key);
  const other = setting && thresholdNamed(thresholdKey(setting.measure, setting.level === 'look' ? 'wrong' : 'look'));
  if (!setting || !other || typeof value !== 'number') return undefined;
  const kept = values.get(other.key);
  const standing = typeof kept === 'number' ? kept : other.usual;
  const [look, wrong] = setting.level === 'look' ? [value, standing] : [standing, value];
  const isInOrder = measureNamed(setting.measure)?.low ? look > wrong : look < wrong;
  if (isInOrder) return undefined;
  return `look has to come before wrong: ${setting.key} ${formatThreshold(setting, value)}, ${other.key} ${formatThreshold(other, standing)}`;
};
