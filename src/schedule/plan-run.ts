import { z } from 'zod';
import { parseSpan } from '../domain/day.ts';
import { Note } from '../domain/note.ts';
import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { defineAction, type Context } from '../kit/define-action.ts';
import type { AnyRunbook, RunStep } from '../kit/define-runbook.ts';
import { describeErrors, fieldsOf, parseInput } from '../kit/form-fields.ts';
import { runOf, stepLines } from '../kit/runbook-action.ts';
import type { NewRun } from '../kit/queue-run.ts';
import { findHostsByName } from '../resources/hosts/queries.ts';
import { jobNamed, planRun, zoneOfBank } from '../resources/schedule/queries.ts';
import { runbooks } from '../runbooks/registry.ts';

/** What is typed twice is typed by somebody who looks at it then. */
const plannable = runbooks.filter(({ danger }) => danger !== 'typed-twice');
const ids = plannable.map(({ id }) => id);

/** Longer than a month nothing is caught up. */
const longestCatchUp = 31 * 24 * 60;

const input = z.object({
  name: z
    .string()
    .trim()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'is a short name such as nightly-backup')
    .meta({ title: 'Name of the job' }),
  runbook: z.enum(ids).meta({ title: 'Runbook' }),
  with: z
    .string()
    .trim()
    .max(2_000, 'takes at most 2,000 characters')
    .default('')
    .meta({ title: 'With, such as hosts=web1; service=nginx' }),
  cron: z
    .string()
    .trim()
    .regex(/^\S+(\s+\S+){4}$/, 'has the five fields minute, hour, day, month and weekday, such as 0 2 * * *')
    .max(200)
    .meta({ title: 'When, as cron says it' }),
  catchUp: z.string().trim().default('2h').meta({ title: 'Caught up for' }),
  note: Note,
});
type Input = z.output<typeof input>;

type Facts = {
  readonly runbook: AnyRunbook;
  readonly run: NewRun;
  readonly preview: readonly string[];
  readonly zone: string;
  readonly catchUpMinutes: number;
  readonly next: readonly Date[];
  readonly eyes: 1 | 2;
};

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

/** `hosts=web1,web2; service=nginx`, as the runbook's form would have it; its note is that of the plan. */
const inputOf = ({ input: schema }: AnyRunbook, { with: typed, note }: Input, { today }: Context): Outcome<Record<string, unknown>> => {
  const fields = fieldsOf(schema);
  const values: Record<string, string> = fields.some(({ key }) => key === 'note') ? { note } : {};
  for (const pair of typed.split(';').filter(part => part.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([A-Za-z-]+)\s*=\s*([\s\S]*?)\s*$/.exec(pair) ?? [];
    const field = fields.find(({ key }) => kebab(key) === kebab(name));
    if (!field)
      return invalid(`"${pair.trim()}" is nothing that it asks for`, `it takes ${fields.map(({ key }) => kebab(key)).join(', ')}`);
    values[field.key] = value;
  }
  const parsed = parseInput(schema, values, today);
  return parsed.ok ? done(parsed.input) : invalid(describeErrors(schema, parsed.errors));
};

/** When it is due next, as node-cron reads the pattern; loaded here, because every command looks actions up and few plan. */
const nextOf = async (cron: string, zone: string): Promise<Outcome<readonly Date[]>> => {
  const { nextDueTimes } = await import('./due-times.ts');
  try {
    const next = nextDueTimes(cron, zone, new Date(), 3);
    return next.length > 0 ? done(next) : invalid(`${cron} never comes`);
  } catch {
    return invalid(`${cron} is no pattern`, 'write minute, hour, day, month and weekday, such as 0 2 * * *');
  }
};

const worksInProduction = async (steps: readonly RunStep[], { db }: Context): Promise<boolean> => {
  const hosts = await findHostsByName(db, [...new Set(steps.map(({ host }) => host))]);
  return hosts.some(({ environment }) => environment === 'production');
};

const gather = async (typed: Input, context: Context): Promise<Outcome<Facts>> => {
  const runbook = plannable.find(({ id }) => id === typed.runbook);
  if (!runbook) return invalid(`there is no runbook ${typed.runbook} to plan`);
  if (await jobNamed(context.db, typed.name))
    return conflict(`there is a job ${typed.name} already`, 'unplan it first, or choose another name');
  const span = parseSpan(typed.catchUp);
  if (!span.ok) return span;
  const catchUpMinutes = Math.floor(span.value / 60);
  if (catchUpMinutes > longestCatchUp) return invalid('nothing is caught up for longer than 31 days');
  const zone = await zoneOfBank(context.db);
  const next = await nextOf(typed.cron, zone);
  if (!next.ok) return next;
  const values = inputOf(runbook, typed, context);
  if (!values.ok) return values;
  const facts = await runbook.gather(values.value, context);
  if (!facts.ok) return facts;
  const steps = runbook.steps(facts.value, values.value);
  const two = runbook.eyes === 2 || runbook.eyesFor?.(facts.value, values.value) === 2 || (await worksInProduction(steps, context));
  const preview = runbook.preview(facts.value, values.value);
  return done({
    runbook, zone, catchUpMinutes, next: next.value, preview, eyes: two ? 2 : 1, run: runOf(runbook, facts.value, values.value, steps),
  }); // prettier-ignore
};

export const planRunAction = defineAction({
  id: 'schedule.plan',
  title: 'Plan run',
  past: 'planned',
  // The database asks for schedule.edit as well, and for what the runbook needs
  permission: 'run.start',
  eyes: 1,
  eyesFor: ({ eyes }: Facts) => eyes,
  checker: 'approval.decide',
  code: true,
  danger: 'typed',
  verb: 'create',
  entity: 'schedule',
  input,
  gather,
  target: (_facts, { name }) => ({ id: name, label: name, version: 0 }),
  preview: ({ runbook, run, zone, catchUpMinutes, preview }, { name, cron }) => [
    `${name}: ${runbook.title} of ${run.target} at ${cron} in ${zone}, caught up for ${catchUpMinutes} min`,
    'whichever console or daemon may use hosts queues it when it is due, word for word as it stands here, and asks nobody again',
    ...preview,
    `aborted half-way: ${runbook.whenAborted}`,
    ...stepLines(run.steps),
  ],
  evidence: ({ next }) => [{ title: 'Due next', table: { columns: ['UTC'], rows: next.map(at => [at.toISOString().slice(0, 16).replace('T', ' ')]) } }],
  execute: async ({ runbook, run, catchUpMinutes }, { name, cron }, { db }) => {
    const words = `queues a run: ${run.title}`;
    const id = await planRun(db, { name, title: run.title.slice(0, 100), words, cron, catchUpMinutes, run });
    return {
      summary: `planned ${name}`,
      target: { id: String(id), label: name, version: 0 },
      new: { runbook: runbook.id, cron, target: run.target, steps: run.steps.length },
    };
  },
  waysBack: (_facts, { name }, effect) =>
    effect.target === undefined ? [] : [{ action: 'schedule.unplan', input: { id: effect.target.id, note: `undone: ${name} was planned` } }],
}); // prettier-ignore
