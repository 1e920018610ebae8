import { done, invalid, type Outcome } from './outcome.ts';

export const settingTypes = ['string', 'integer', 'decimal', 'boolean', 'json'] as const;
type SettingType = (typeof settingTypes)[number];
export const settingCategories = ['system', 'security', 'email', 'detection', 'health'] as const;
export type SettingCategory = (typeof settingCategories)[number];

/** What a setting can be, and beyond what it breaks a standard. Numbers as they are kept. */
export type SettingShape = {
  readonly key: string;
  readonly type: SettingType;
  readonly min: number | null;
  readonly max: number | null;
  readonly pattern: string | null;
  readonly safeMin: number | null;
  readonly safeMax: number | null;
  readonly standard: string | null;
};

const truths: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };

const parseJson = (text: string): Outcome<unknown> => {
  try {
    return done(JSON.parse(text));
  } catch {
    return invalid('this is no JSON');
  }
};

const parseTyped = ({ type, pattern }: SettingShape, text: string): Outcome<unknown> => {
  switch (type) {
    case 'string':
      return pattern === null ||
        new RegExp(pattern.replaceAll('[:space:]', String.raw`\s`).replaceAll('[:cntrl:]', String.raw`\p{Cc}`), 'u').test(text)
        ? done(text)
        : invalid(`does not look like ${pattern}`);
    case 'integer':
      return /^(0|-?[1-9]\d{0,14})$/.test(text) ? done(Number(text)) : invalid('is a whole number');
    case 'decimal':
      return /^-?\d{1,12}(\.\d{1,6})?$/.test(text) ? done(Number(text)) : invalid('is a number');
    case 'boolean': {
      const truth = truths[text.toLowerCase()];
      return truth === undefined ? invalid('is yes or no') : done(truth);
    }
    case 'json':
      return parseJson(text);
  }
};

/** What somebody typed, as a value of the setting's type and within its bounds. */
export const parseSetting = (shape: SettingShape, typed: string): Outcome<unknown> => {
  const value = parseTyped(shape, typed.trim());
  if (!value.ok) return invalid(`${shape.key} ${value.refusal.message}`);
  const { min, max } = shape;
  if (typeof value.value === 'number' && ((min !== null && value.value < min) || (max !== null && value.value > max))) {
    return invalid(`${shape.key} lies between ${min ?? 'any'} and ${max ?? 'any'}`);
  }
  return value;
};

/** The standard that a value breaks; undefined where it breaks none. */
export const brokenStandard = ({ safeMin, safeMax, standard }: SettingShape, value: unknown): string | undefined => {
  const amount = typeof value === 'boolean' ? Number(value) : value;
  if (typeof amount !== 'number') return undefined;
  return (safeMin !== null && amount < safeMin) || (safeMax !== null && amount > safeMax) ? (standard ?? undefined) : undefined;
};

/** A value as people read and type it. */
export const settingText = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
};
