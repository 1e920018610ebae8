import { safe } from '../domain/safe-text.ts';
import type { AnyResource } from './define-resource.ts';
import type { Keyed } from '../domain/page.ts';

const escaped = (character: string): string =>
  [...Array(character.length).keys()].map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/** JSON with what a terminal would obey or hide written as an escape, which loses nothing. */
export const harmless = (json: string): string =>
  /[^ -~\n]/.test(json)
    ? json.replaceAll(/[^ -~\n]/gu, character => (safe(character) === character ? character : escaped(character)))
    : json;

/** A value as JSON: amounts and ids as text, because JavaScript's numbers would round them; instants as ISO 8601. */
export const toJson = (value: unknown, indent = 0): string =>
  harmless(JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part), indent) ?? 'null');

/** A row as it leaves the console: all that it holds but its place in the list. */
export const exportedRow = (row: Keyed): object => {
  const exported: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(row)) if (key !== 'sortKey') exported[key] = typeof value === 'bigint' ? String(value) : value;
  return exported;
};

/** The same as a line of JSON. Without a function that looks at every value this is several times faster, which long exports feel. */
export const rowToJson = (row: Keyed): string => harmless(JSON.stringify(exportedRow(row)));

/** A spreadsheet would run it as a formula, some even with wide signs; a number with its sign is none. */
const formula = /^(?:[=@\uFF1D\uFF20\uFF0B\uFF0D]|[+-](?![\d.,]*$))/;

/** What a spreadsheet takes in one cell. */
const longestCell = 32_767;

const csvCell = (text: string): string => {
  const guarded = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
};

/** A line of RFC 4180, with its end. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells.map(cell => csvCell(safe(cell, { max: longestCell }))).join(',')}\r\n`;

/** The titles of a resource's columns, all of them. */
export const csvTitles = (resource: AnyResource): string => csvLine(resource.columns.map(column => column.title));

/** A row under them. */
export const csvRow = (resource: AnyResource, row: Keyed): string =>
  csvLine(resource.columns.map(column => column.value?.(row) ?? column.cell(row)));
