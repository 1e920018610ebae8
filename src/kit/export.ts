import { safe } from '../domain/safe-text.ts';
import type { AnyResource } from './define-resource.ts';
import type { Keyed } from '../domain/page.ts';

const escaped = (character: string): string =>
  [...Array(character.length).keys()].map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/**
 * A value as JSON: amounts and ids as text, because JavaScript's numbers would round them; instants as ISO 8601. What a terminal
 * would obey or hide is written as an escape, which loses nothing.
 */
export const toJson = (value: unknown, indent = 0): string => {
  const json = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part), indent) ?? 'null';
  return json.replaceAll(/[^ -~\n]/gu, character => (safe(character) === character ? character : escaped(character)));
};

/** A row as it leaves the console: all that it holds but its place in the list. */
export const exportedRow = (row: Keyed): object => Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'sortKey'));

/** A spreadsheet would run it as a formula; a number with its sign is none. */
const formula = /^(?:[=@]|[+-](?![\d.,]*$))/;

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
