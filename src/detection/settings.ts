import type { Watch } from '../kit/watch.ts';
import type { AnyRule } from './define-rule.ts';

const ruleModes = ['live', 'shadow', 'off'] as const;
/** Whether hits of a rule raise alerts, are only counted, or are not looked for. */
export type RuleMode = (typeof ruleModes)[number];

/** How one rule is set. */
export type RuleSetting = { readonly mode: RuleMode; readonly parameters: Readonly<Record<string, number>> };

export type DetectionSettings = {
  readonly alertScore: number;
  readonly holdScore: number;
  readonly ruleOf: (rule: AnyRule) => RuleSetting;
};

/** `newPayee` is set by `detection.r7.new-payee`. */
export const settingOf = ({ id }: Pick<AnyRule, 'id'>, name: string): string =>
  `detection.r${id}.${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

/** What a rule is measured by where nobody set it otherwise. */
export const usualOf = ({ parameters }: AnyRule): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(parameters).map(([name, { usual }]) => [name, usual]));

type Row = { readonly key: string; readonly value: unknown };

const isMode = (value: unknown): value is RuleMode => ruleModes.some(mode => mode === value);

/** How detection is set now. */
export const readDetectionSettings = async (watch: Pick<Watch, 'read'>): Promise<DetectionSettings> => {
  const rows = await watch.read<Row>(`SELECT key, value FROM platform.setting WHERE category = 'detection'`, []);
  const values = new Map(rows.map(({ key, value }) => [key, value]));
  const number = (key: string): number => {
    const value = values.get(key);
    if (typeof value !== 'number') throw new Error(`the setting ${key} is missing`);
    return value;
  };
  return {
    alertScore: number('detection.alert-score'),
    holdScore: number('detection.hold-score'),
    ruleOf: rule => {
      const mode = values.get(settingOf(rule, 'mode'));
      if (!isMode(mode)) throw new Error(`the setting ${settingOf(rule, 'mode')} is missing`);
      const parameters = Object.keys(rule.parameters).map(name => [name, number(settingOf(rule, name))] as const);
      return { mode, parameters: Object.fromEntries(parameters) };
    },
  };
};
