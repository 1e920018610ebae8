import { formatOctets } from '../../domain/backup.ts';
import { formatInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { columnsOf, safe } from '../../domain/safe-text.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import { lasting } from './lasting.ts';

/** A table wider than this would be cut off on the narrowest screen that is meant, in columns; then its rows are told as lines. */
const widestTable = 74;
/** Labels that are longer stand before their value instead of beside it, in columns. */
const widestLabel = 14;
/** Of one list; `bursar runs show N --json` has every one. */
const mostListed = 200;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0;
const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** `takenAt` as words; what has a dot or an underscore is somebody's name. */
const wordsOf = (key: string): string =>
  safe(
    key.replaceAll(/(?<=[a-z0-9])[A-Z]/g, letter => ` ${letter.toLowerCase()}`),
    { max: 60 },
  );

const octets = /^(bytes|octets|free|needed|loaded|size)$|(Bytes|Octets)$/;
const seconds = /^(seconds|took)$|Seconds$/;
/** Numbers that name something are not counted in thousands. */
const names = /^(id|run|cleanup|port|pid|version|server|format|head|seq|number|code)$|(Id|Port|Number)$/;
const currency = /^[A-Z]{3}$/;

/** What is asked first of a result stands first; a document of the database has no order of its own. */
const firstAsked = [
  'words',
  'why',
  'fault',
  'name',
  'backup',
  'database',
  'old',
  'safety',
  'verified',
  'copied',
  'takenAt',
  'count',
  'counted',
  'removed',
  'octets',
  'seconds',
];
const placeOf = (key: string): number => (firstAsked.includes(key) ? firstAsked.indexOf(key) : firstAsked.length);

const numberWords = (key: string, value: number): string => {
  if (octets.test(key) && value >= 0) return value < 1_000 ? `${value} B` : `${formatOctets(value)} (${value.toLocaleString('en')} B)`;
  if (seconds.test(key)) return lasting(value);
  if (/ms$/i.test(key)) return `${value.toLocaleString('en')} ms`;
  return names.test(key) ? String(value) : value.toLocaleString('en', { maximumFractionDigits: 3 });
};

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const textWords = (text: string): string => {
  if (text === '') return '-';
  return instant.test(text) ? `${formatInstant(new Date(text))} UTC` : safe(text, { max: 2_000 });
};

/** One value as a person reads it. */
const told = (key: string, value: unknown): string => {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return numberWords(key, value);
  // Sums come in minor units, as text
  if (typeof value === 'string')
    return currency.test(key) && /^-?\d{1,30}$/.test(value) ? formatMoney(BigInt(value), key) : textWords(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(each => told(key, each)).join(', ');
  if (isEmpty(value)) return 'none';
  return Object.entries(value as Fields)
    .map(([name, each]) => `${wordsOf(name)} ${told(name, each)}`)
    .join(', ');
};

/** The same among others of its kind, where sizes need not be told to the octet. */
const short = (key: string, value: unknown): string =>
  typeof value === 'number' && octets.test(key) && value >= 0 ? formatOctets(value) : told(key, value);

const labelled = (label: string, value: string): DetailLine =>
  columnsOf(label) > widestLabel ? ['', `${label}: ${value}`] : [label, value];

const cutList = <T>(list: readonly T[]): { readonly shown: readonly T[]; readonly more: readonly DetailLine[] } => ({
  shown: list.slice(0, mostListed),
  more: list.length > mostListed ? [['', `and ${(list.length - mostListed).toLocaleString('en')} more`, 'dim']] : [],
});

/** A list of words: each on a line of its own, the first beside the label. */
const listLines = (key: string, list: readonly unknown[]): readonly DetailLine[] => {
  const label = wordsOf(key);
  const { shown, more } = cutList(list);
  const isShort = columnsOf(label) <= widestLabel;
  return [
    ...(isShort ? [] : [['', `${label}:`] satisfies DetailLine]),
    ...shown.map((each, index): DetailLine => [isShort && index === 0 ? label : '', `- ${told(key, each)}`]),
    ...more,
  ];
};

const isFigure = (rows: readonly Fields[], key: string): boolean =>
  rows.every(row => typeof row[key] === 'number' || row[key] === null || row[key] === undefined);

/** What a record is called by, where one of these is among its values. */
const leading = ['name', 'what', 'title', 'measure'];
/** What is asked of a record before the rest. */
const asked = ['words', 'rows', 'count', 'bytes', 'octets'];

const rankOf = (key: string): number => (asked.includes(key) ? asked.indexOf(key) : asked.length);

const isSaid = (value: unknown): boolean => value !== null && value !== undefined && value !== '';

/** `bank.account: rows 2,500, bytes 1.2 MB`: what it is called, then its values. */
const recordWords = (row: Fields): string => {
  const lead = leading.find(key => isSaid(row[key]));
  const rest = Object.keys(row)
    .filter(key => key !== lead && key !== 'subject' && isSaid(row[key]))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .map(key => (key === 'words' ? short(key, row[key]) : `${wordsOf(key)} ${short(key, row[key])}`));
  const called = [lead, 'subject'].flatMap(key => (key !== undefined && isSaid(row[key]) ? [short(key, row[key])] : [])).join(' ');
  return [called, rest.join(', ')].filter(part => part !== '').join(': ');
};

/** Records as a table, what they are called before their figures; as lines where it would be too wide to be read. */
const tableOf = (title: string, records: readonly Fields[]): DetailSection => {
  const { shown, more } = cutList(records);
  const keys = [...new Set(shown.flatMap(row => Object.keys(row)))].toSorted(
    (a, b) => Number(isFigure(shown, a)) - Number(isFigure(shown, b)) || placeOf(a) - placeOf(b),
  );
  const columns = keys.map(wordsOf);
  const rows = shown.map(row => keys.map(key => short(key, row[key])));
  const width = columns.reduce((sum, column, at) => sum + 2 + Math.max(columnsOf(column), ...rows.map(row => columnsOf(row[at] ?? ''))), 0);
  if (width <= widestTable) return { title, lines: more, table: { columns, rows, figures: keys.flatMap((key, at) => (isFigure(shown, key) ? [at] : [])) } };
  return { title, lines: [...shown.map((row): DetailLine => ['', `- ${recordWords(row)}`]), ...more] };
}; // prettier-ignore

/** Many figures with a name each: `ops.audit 13`. */
const figuresOf = (title: string, fields: Fields): DetailSection => {
  const { shown, more } = cutList(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const rows = shown.map(([key, value]) => [safe(key, { max: 60 }), told(key, value)] as const);
  return { title, lines: more, table: { columns: ['of', 'figure'], rows, figures: [1] } };
};

const areFigures = (fields: Fields): boolean => {
  const values = Object.values(fields);
  return values.length > 4 && values.every(value => typeof value === 'number');
};

/** A document as sections: its own values first, then lists of records as tables and what is nested as groups. */
const sectionsOf = (title: string, fields: Fields): readonly DetailSection[] => {
  const lines: DetailLine[] = [];
  const groups: DetailSection[] = [];
  for (const [key, value] of Object.entries(fields).toSorted(([a], [b]) => placeOf(a) - placeOf(b))) {
    const inner = `${title}: ${wordsOf(key)}`;
    if (isPlain(value) || isEmpty(value)) lines.push(labelled(wordsOf(key), told(key, value)));
    else if (Array.isArray(value) && value.every(isFields)) groups.push(tableOf(inner, value));
    else if (Array.isArray(value)) lines.push(...listLines(key, value));
    else if (areFigures(value as Fields)) groups.push(figuresOf(inner, value as Fields));
    else groups.push(...sectionsOf(inner, value as Fields));
  }
  return lines.length === 0 && groups.length > 0 ? groups : [{ title, lines }, ...groups];
};

/** What a step found out, as a person reads it; hostile text is made harmless. */
export const resultSections = (title: string, result: Fields): readonly DetailSection[] =>
  sectionsOf(title, result).map(section =>
    section.table && section.lines?.length === 0 ? { title: section.title, table: section.table } : section,
  );
