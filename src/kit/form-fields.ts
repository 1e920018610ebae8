import { z } from 'zod';
import { parseDay, type Day } from '../domain/day.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';

type FormFieldKind = 'text' | 'note' | 'day' | 'choice' | 'yes-no' | 'secret';

/** One field of a form or one flag of a command, read from the action's own schema. */
export type FormField = {
  readonly key: string;
  readonly title: string;
  readonly kind: FormFieldKind;
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly initial: string;
  /** Filled from the record and not asked for on screen. */
  readonly hidden: boolean;
  /** What it may be filled in with, where that cannot be chosen from. */
  readonly hint?: string;
};

type Property = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly kind?: string;
  readonly title?: string;
  readonly hidden?: boolean;
};

const kindOf = (property: Property): FormFieldKind => {
  if (property.kind === 'note' || property.kind === 'day' || property.kind === 'secret') return property.kind;
  if (property.enum) return 'choice';
  return property.type === 'boolean' ? 'yes-no' : 'text';
};

const asTyped = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const titleOf = (key: string): string =>
  key.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`).replace(/^./, letter => letter.toUpperCase());

/** The fields of an input schema, in its order. */
export const fieldsOf = (input: z.ZodObject): readonly FormField[] => {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  return Object.entries(schema.properties ?? {}).map(([key, property]) => ({
    key,
    title: property.title ?? titleOf(key),
    kind: kindOf(property),
    choices: property.enum ?? (property.type === 'boolean' ? ['no', 'yes'] : []),
    required: schema.required?.includes(key) ?? false,
    initial: asTyped(property.default),
    hidden: property.hidden === true,
  }));
};

const truths: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };

/** What a person typed, as the schema takes it: days by phrase, yes and no; empty where it may be left out. */
const asValue = (field: FormField, typed: string, today: Day): Outcome<unknown> => {
  if (typed === '') return done(undefined);
  if (field.kind === 'day') return parseDay(typed, today);
  if (field.kind !== 'yes-no') return done(typed);
  const truth = truths[typed.toLowerCase()];
  return truth === undefined ? invalid(`is yes or no, not "${typed.slice(0, 40)}"`) : done(truth);
};

/** What is wrong with each field; the key '' holds what belongs to none. */
export type FieldErrors = Readonly<Record<string, string>>;
export type Parsed<T> = { readonly ok: true; readonly input: T } | { readonly ok: false; readonly errors: FieldErrors };

/** What is wrong with a field, in its reader's words. */
const complaint = ({ code, message }: z.core.$ZodIssue, field: FormField | undefined, value: unknown): string => {
  if (field?.kind === 'choice') {
    const choices = field.choices.join(', ');
    return value === undefined ? `is missing: one of ${choices}` : `is one of ${choices}, not "${asTyped(value).slice(0, 40)}"`;
  }
  return code === 'invalid_type' && value === undefined ? 'is missing' : message;
};

/** Checks typed values against a schema, field by field. Unknown fields are refused. */
export const parseInput = <Input extends z.ZodObject>(
  schema: Input,
  typed: Readonly<Record<string, string>>,
  today: Day,
): Parsed<z.output<Input>> => {
  const fields = fieldsOf(schema);
  const errors: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(typed)) if (!fields.some(field => field.key === key)) errors[key] = 'is no field of this action';
  for (const field of fields) {
    // a field left out or emptied has what it began with, phrases like "in 7 days" included
    const value = asValue(field, typed[field.key] || field.initial, today);
    if (!value.ok) errors[field.key] = value.refusal.message;
    else if (value.value !== undefined) values[field.key] = value.value;
  }
  const parsed = schema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const key = String(issue.path[0] ?? '');
    errors[key] ??= complaint(
      issue,
      fields.find(field => field.key === key),
      values[key],
    );
  }
  if (!parsed.success || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, input: parsed.data };
};

/** The errors as one sentence, for a command or a log. */
export const describeErrors = (schema: z.ZodObject, errors: FieldErrors): string => {
  const titles = new Map(fieldsOf(schema).map(field => [field.key, field.title]));
  return Object.entries(errors)
    .map(([key, message]) => `${titles.get(key) ?? key} ${message}`)
    .join('; ');
};
