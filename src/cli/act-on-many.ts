import { randomUUID } from 'node:crypto';
import { invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { sameForAll } from '../kit/notes.ts';
import type { Typed } from '../kit/request.ts';
import type { BulkResult, BulkWatch, RecordResult } from '../kit/run-bulk.ts';
import type { Session } from '../kit/session.ts';
import { readSecrets, typedFrom } from './action-flags.ts';
import { describeRefusal, refuse } from './answer.ts';
import { lookAt, subjectsOf, type Looked, type Names } from './bulk-subjects.ts';
import { requestOf, type Call } from './call.ts';
import { confirm } from './confirm.ts';
import { exitCode, worstCode } from './exit-code.ts';
import { checkReason, permit } from './permit.ts';
import { previewLines } from './preview-lines.ts';
import type { Streams } from './streams.ts';

type Run = {
  readonly call: Call;
  readonly session: Session;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly json: boolean;
};
/** What is to be done: to which records, with what, and which are left out and why. */
type Plan = {
  readonly names: Names;
  readonly ids: readonly string[];
  readonly left: readonly RecordResult[];
  readonly looked: Looked;
  readonly typed: Typed;
};

const resultText = ({ outcome }: RecordResult): string => {
  if (!outcome.ok) return `${outcome.refusal.kind}: ${describeRefusal(outcome.refusal)}`;
  return `${outcome.value.summary} (audit ${outcome.value.audit}${outcome.value.replayed ? ', done before' : ''})`;
};

const resultLine = (result: RecordResult, names: Names): string =>
  `${safe(names.get(result.id) ?? result.id)}  ${safe(resultText(result))}\n`;

const asDocument = ({ call }: Run, { names }: Plan, request: string, { results, skipped, summary }: BulkResult): object => ({
  ok: skipped === 0 && results.every(result => result.outcome.ok),
  action: call.action.id,
  request,
  summary,
  skipped,
  results: results.map(({ id, outcome }) => ({
    id,
    name: names.get(id) ?? id,
    ...(outcome.ok ? { ok: true, ...outcome.value } : { ok: false, refusal: outcome.refusal }),
  })),
});

const yes = (answer: string | undefined): boolean => /^y(es)?$/i.test(answer?.trim() ?? '');

/** Tells each result as it comes and asks after the first, where there is somebody to ask. */
const watchFor = ({ call, streams, signal, json }: Run, { names, ids }: Plan, asks: boolean) => {
  let told = Promise.resolve();
  const watch: BulkWatch = {
    signal,
    onResult: result => {
      if (!json) told = told.then(() => streams.write(resultLine(result, names)));
    },
    proceed: async canary => {
      await told;
      const went = canary.outcome.ok || canary.outcome.refusal.kind === 'waiting-for-approval';
      if (!went || !asks) return went;
      return yes(await streams.ask?.(`The first is done. ${call.action.title}: go on with the other ${ids.length - 1}? [y/N] `));
    },
  };
  return { watch, told: () => told };
};

const report = async (run: Run, plan: Plan, request: string, result: BulkResult): Promise<number> => {
  const whole = { ...result, results: [...plan.left, ...result.results] };
  if (run.json) await run.streams.write(`${toJson(asDocument(run, plan, request, whole), 2)}\n`);
  run.streams.say([result.summary, plan.left.length > 0 && `${plan.left.length} left out`].filter(Boolean).join(', '));
  const worst = worstCode(whole.results.map(({ outcome }) => outcome));
  return worst === exitCode.done && result.skipped > 0 ? exitCode.failed : worst;
};

const showOnly = async ({ call, streams, json }: Run, { looked, left, names }: Plan): Promise<number> => {
  if (json) {
    const refused = left.map(({ id, outcome }) => ({ id, name: names.get(id) ?? id, ...(outcome.ok ? {} : { refusal: outcome.refusal }) }));
    await streams.write(
      `${toJson({ ok: left.length === 0, dryRun: true, action: call.action.id, previews: looked.previews, refused }, 2)}\n`,
    );
  } else {
    await streams.write(looked.previews.map(preview => `${previewLines(preview).join('\n')}\n`).join(''));
    await streams.write(left.map(result => resultLine(result, names)).join(''));
  }
  return worstCode(left.map(({ outcome }) => outcome));
};

const carryOut = async (run: Run, plan: Plan, given: string | undefined): Promise<number> => {
  const { call, session, streams, json } = run;
  const {
    action,
    typed: { flags },
  } = call;
  const words = action.danger === 'plain' ? '' : String(plan.ids.length);
  const agreed = await confirm(flags, { question: `${action.title}: ${plan.ids.length} records?`, words }, streams);
  if (!agreed.ok) return refuse(streams, json, agreed, { action: action.id });
  const permitted = await permit(action, plan.looked.previews[0], session, flags, streams);
  if (!permitted.ok) return refuse(streams, json, permitted, { action: action.id });
  const seen = agreed.value === 'person' && given === undefined ? plan.looked.previews : [];
  const expected = Object.fromEntries(seen.map(({ target, hash }) => [target.id, { version: target.version, hash }]));
  const request = given ?? randomUUID();
  const { watch, told } = watchFor(run, plan, agreed.value === 'person');
  const result = await session.runBulk(action, { request, ids: plan.ids, typed: plan.typed, expected }, watch);
  await told();
  return result.ok ? report(run, plan, request, result.value) : refuse(streams, json, result, { action: action.id, request });
};

/** One action on several records: one first, then the others, one result each. */
export const actOnMany = async (call: Call, session: Session, streams: Streams, signal: AbortSignal): Promise<number> => {
  const {
    action,
    typed: { flags, words },
  } = call;
  const json = flags['json'] === 'yes';
  const run = { call, session, streams, signal, json };
  const stop = (refusal: Outcome<never>) => refuse(streams, json, refusal, { action: action.id });
  const given = requestOf(flags);
  if (!given.ok) return stop(given);
  if (given.value !== undefined && words.length === 0)
    return stop(invalid('--request repeats the same records and a filter may find others', 'name the records'));
  const reason = checkReason(flags);
  if (!reason.ok) return stop(reason);
  const names = await subjectsOf(call, session, signal);
  if (!names.ok) return stop(names);
  const secrets = await readSecrets(action, streams);
  if (!secrets.ok) return stop(secrets);
  const typed = { ...sameForAll(call.resource, action.id), ...typedFrom(action, flags), ...secrets.value };
  const looked = await lookAt(call, [...names.value.keys()], typed, session, signal);
  if (!looked.ok) return stop(looked);

  // A repeat meets records that its own first run has changed: they are asked again and answer with their first result
  const left = [...(given.value === undefined ? looked.value.refused : []), ...looked.value.doubtful];
  const leftOut = new Set(left.map(({ id }) => id));
  const plan = { names: names.value, ids: [...names.value.keys()].filter(id => !leftOut.has(id)), left, looked: looked.value, typed };
  if (flags['dry-run'] === 'yes') return showOnly(run, { ...plan, left: [...looked.value.refused, ...looked.value.doubtful] });
  if (!json) await streams.write(left.map(result => resultLine(result, names.value)).join(''));
  if (plan.ids.length === 0)
    return report(run, plan, given.value ?? randomUUID(), { results: [], skipped: 0, summary: 'nothing was done' });
  return carryOut(run, plan, given.value);
};
