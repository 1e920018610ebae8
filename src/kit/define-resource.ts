import type { Db } from '../database/client.ts';
import type { PageQuery } from '../database/page.ts';
import type { Keyed } from '../domain/page.ts';
import type { MoneyFlow } from '../domain/money-flow.ts';
import type { Permission } from '../domain/permission.ts';

/** What a word means for its reader; colour only helps. */
export type Tone = 'plain' | 'good' | 'info' | 'warn' | 'bad' | 'dim';

export type Column<Row> = {
  readonly title: string;
  /** Terminal columns; 'fill' shares what is left. */
  readonly width: number | 'fill';
  readonly align?: 'left' | 'right';
  /** The field that sorts by this column. */
  readonly sort?: string;
  /** Shown from the start (1), when there is room (2), or only when asked for (3). */
  readonly priority?: 1 | 2 | 3;
  cell(row: Row): string;
  /** The cell as data, where the screen shortens it: an export holds this. */
  value?(row: Row): string;
  tone?(row: Row): Tone;
};

export type DetailLine = readonly [label: string, value: string, tone?: Tone];
export type SmallTable = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of figures, by their place: they stand to the right. */
  readonly figures?: readonly number[];
};
export type DetailSection = {
  readonly title: string;
  readonly lines?: readonly DetailLine[];
  readonly table?: SmallTable;
  /** Drawn with arrows, as wide as there is room. */
  readonly flow?: MoneyFlow;
};

/** One line of what happens right now. */
export type StreamLine = { readonly at: Date; readonly text: string; readonly tone: Tone };

/** Another pane with a filter: how records lead to one another. */
export type Jump = { readonly resource: string; readonly filter: string };

/** An action on a record: which, with what, and why not. */
export type Binding<Row> = {
  readonly action: string;
  inputFrom(row: Row): Readonly<Record<string, string>>;
  /** Never for several at once: its input names another record than the row. */
  readonly single?: true;
  /** How that other record is called, where it is not the row. */
  called?(row: Row): string;
  /** What it is called in the menu, where one action stands there twice. */
  readonly title?: string;
  /** Done to all records that another pane finds, as one bulk, and not to the record itself; called by a title of its own. */
  readonly over?: { readonly title: string; where(row: Row): Jump };
  /** False where it means nothing for such a record: then the menu leaves it out. */
  fits?(row: Row): boolean;
  /** Why the record cannot have it now; undefined if it can. */
  whyNot(row: Row): string | undefined;
};

/** `u a t l T` lead to the user, account, transactions, log, trace of a record; undefined for a record that has none. */
type Jumps<Row> = {
  u?(row: Row): Jump | undefined;
  a?(row: Row): Jump | undefined;
  t?(row: Row): Jump | undefined;
  l?(row: Row): Jump | undefined;
  T?(row: Row): Jump | undefined;
};

/** A pane: what it shows and what can be done there. Pure data; the same for screen and command. */
export type Resource<Row extends Keyed, Related = unknown> = {
  readonly id: string;
  readonly title: string;
  /** The word for one of its records, as audit names it. */
  readonly entity: string;
  readonly aliases: readonly string[];
  /** Reached from another pane, whose records its own belong to: it has no place among the panes. */
  readonly nested?: true;
  readonly permission: Permission;
  readonly page: PageQuery<Row>;
  readonly columns: readonly Column<Row>[];
  /** The filter that a list on screen begins with where nobody named one. */
  readonly start?: string;
  /** What an empty list says can be done, where that is more than its actions say. */
  readonly whenEmpty?: string;
  /** The time field that `since=` means. */
  readonly since?: string;
  /** Its open detail stays when the record leaves the list: it is watched to its end. */
  readonly watched?: true;
  /** Looking at one of its records is recorded, because it holds personal data. */
  readonly personal?: true;
  /** Looking at its list is recorded as well, because who reads it matters. */
  readonly recorded?: true;
  /** The field that finds a record by what people call it; without one its id is its name. */
  readonly nameField?: string;
  /** What a list that needs a filter says without one: first what it asks for, then how it is told. */
  readonly empty?: readonly [first: string, ...others: string[]];
  /** A row as somebody sees it who may not read all that it is gathered from. */
  veil?(row: Row, may: (permission: Permission) => boolean): Row;
  /** A row as a line of the live stream, where those of several panes stand by their time. Its usual order begins with the newest. */
  stream?(row: Row): StreamLine;
  /** How a record is called in crumbs and messages. */
  nameOf(row: Row): string;
  /** Reads what the detail shows beyond the row. */
  relate(db: Db, row: Row): Promise<Related>;
  detail(row: Row, related: Related): readonly DetailSection[];
  /** Second key after `x` → action. */
  readonly actions: Readonly<Record<string, Binding<Row>>>;
  /** Actions that need no record, after `x` too. */
  readonly general?: Readonly<Record<string, Binding<undefined>>>;
  readonly jumps: Jumps<Row>;
  /** The host that a record is, or is about: its logs can be followed; undefined for a record that has none. */
  hostOf?(row: Row): string | undefined;
  /** Where Enter leads instead of to the detail, which `d` still opens; undefined for a row that leads nowhere. */
  open?(row: Row): Jump | undefined;
};

/** A resource whose rows its reader need not know. */
export type AnyResource = Resource<Keyed>;

export const defineResource = <Row extends Keyed, Related>(resource: Resource<Row, Related>): Resource<Row, Related> => resource;

/** Binds an action by its id, so that no pane imports another's action. */
export const on = <Row>(action: string, whyNot: (row: Row) => string | undefined = () => undefined): Binding<Row & Keyed> => ({
  action,
  inputFrom: row => ({ id: String(row.id) }),
  whyNot,
});
