import type { Db } from '../../database/client.ts';
import { meaning, number, text } from '../../database/field.ts';
import type { PageQuery } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import { commandOf, type StepState } from '../../domain/flow.ts';
import type { FlowSubject } from '../../domain/flow-step.ts';
import type { Keyed, PageRequest } from '../../domain/page.ts';
import { flowsShown, stepsOf, type FlowRow, type WalkedStep } from '../flows/queries.ts';

/** A step of a walkthrough about somebody, with where to look or what to press. */
export type StepRow = Keyed & {
  readonly flowId: bigint;
  readonly closed: boolean;
  readonly number: number;
  readonly stepId: string;
  readonly title: string;
  readonly words: string;
  readonly kind: FlowSubject;
  /** What is typed instead of pressing keys. */
  readonly command: string;
  readonly subjectId: bigint;
  readonly subject: string;
  readonly address: string | null;
  readonly look: { readonly resource: string; readonly filter: string } | undefined;
  /** Keys after `x`, with their commands. */
  readonly acts: readonly { readonly key: string; readonly action: string; readonly verb: string }[];
  readonly state: StepState;
  readonly by: string | null;
  readonly at: Date | null;
  readonly why: string;
};

/** A walkthrough has fewer steps than this: its number and the step's make the id. */
const stepsAtMost = 100n;

const rowOf = (flow: FlowRow, { number: place, step, about, standing }: WalkedStep): StepRow => {
  const id = flow.id * stepsAtMost + BigInt(place);
  return {
    id, sortKey: String(id), flowId: flow.id, closed: flow.closedAt !== null, number: place, stepId: step.id, title: step.title, words: step.words,
    kind: flow.kind, subjectId: about.id, subject: about.name, address: about.address, look: step.look?.(about), acts: step.acts ?? [],
    state: standing.state, by: standing.by, at: standing.at, why: standing.why, command: commandOf(step, about) || `bursar flow-steps settle ${id}`,
  }; // prettier-ignore
};

const rowsOf = async (db: Db, flow?: bigint): Promise<readonly StepRow[]> => {
  const flows = await flowsShown(db, flow);
  const steps = await Promise.all(flows.map(async row => (await stepsOf(db, row)).map(step => rowOf(row, step))));
  return steps.flat().toSorted((a, b) => Number(a.id - b.id));
};

/** The one walkthrough that a filter names. */
const flowAsked = (terms: readonly Term[]): bigint | undefined => {
  const value = terms.find(({ field, not }) => field === 'flow' && !not)?.value;
  return value?.kind === 'amount' && value.from !== undefined && value.from === value.to ? value.from : undefined;
};

const fits = (row: StepRow, { field, not, value }: Term): boolean => {
  switch (value.kind) {
    case 'text':
      return `${row.title} ${row.subject}`.toLowerCase().includes(value.text.toLowerCase()) !== not;
    case 'choices':
      return value.choices.some(choice => (choice === 'open') === (row.state === 'to do')) !== not;
    case 'amount': {
      const number = field === 'flow' ? row.flowId : row.id;
      return ((value.from === undefined || number >= value.from) && (value.to === undefined || number <= value.to)) !== not;
    }
    default:
      return true;
  }
};

const read = async (db: Db, terms: readonly Term[]): Promise<readonly StepRow[]> =>
  (await rowsOf(db, flowAsked(terms))).filter(row => terms.every(term => fits(row, term)));

const cut = (rows: readonly StepRow[], { sort, limit, at }: PageRequest) => {
  const ordered = sort.descending ? rows.toReversed() : rows;
  const place = at ? ordered.findIndex(row => row.id === at.place.id) : 0;
  const from = at?.direction === 'after' ? place + 1 : at?.direction === 'before' ? Math.max(0, place - limit) : Math.max(0, place);
  const until = at?.direction === 'before' ? Math.max(0, place) : from + limit;
  return { rows: ordered.slice(from, until), more: at?.direction === 'before' ? from > 0 : until < ordered.length };
};

/** Steps are few and follow from the audit log: filter and order are applied here. Without `flow=` those of all that are open. */
export const stepPage: PageQuery<StepRow> = {
  fields: {
    text: text('title'),
    flow: number('flow'),
    id: number('id'),
    state: meaning({ open: 'true', settled: 'true' }),
    step: number('step', { sortable: true }),
  },
  defaultSort: { field: 'step', descending: false },
  page: async (db, request) => cut(await read(db, request.terms), request),
  newer: async () => 0,
  count: async (db, terms) => ({ value: (await read(db, terms)).length, exact: true }),
  find: async (db, id) => (await rowsOf(db, id / stepsAtMost)).find(row => row.id === id),
};

export const findStep = (db: Db, id: bigint): Promise<StepRow | undefined> => stepPage.find(db, id);
