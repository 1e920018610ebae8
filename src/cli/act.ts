import { randomUUID } from 'node:crypto';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { fieldsOf } from '../kit/form-fields.ts';
import { bindingTo } from '../kit/notes.ts';
import { onlyChoice } from '../kit/offers.ts';
import type { Preview, Receipt, RunOptions, Typed } from '../kit/request.ts';
import type { Session } from '../kit/session.ts';
import { wordsToType } from '../kit/typed-words.ts';
import { dashed, readSecrets, takesRecord, typedFrom } from './action-flags.ts';
import { actOnMany } from './act-on-many.ts';
import { overOthers } from './act-over.ts';
import { refuse } from './answer.ts';
import { requestOf, type Call } from './call.ts';
import { confirm, quoted } from './confirm.ts';
import { exitCode } from './exit-code.ts';
import { findRecord } from './find-record.ts';
import { checkReason, permit } from './permit.ts';
import { previewLines } from './preview-lines.ts';
import type { Streams } from './streams.ts';

/** What an action is given: from the record, then from the flags, and how the record is called. */
type Subject = { readonly input: Typed; readonly name: string };

const subjectOf = async ({ resource, action, typed }: Call, session: Session): Promise<Outcome<Subject>> => {
  const [word] = typed.words;
  if (word === undefined) {
    const binding = Object.values(resource.general ?? {}).find(general => general.action === action.id);
    return done({ input: binding?.inputFrom(undefined) ?? {}, name: typed.flags[resource.nameField ?? ''] ?? action.title });
  }
  const found = await findRecord(session, resource, word);
  if (!found.ok) return found;
  const binding = bindingTo(resource, action.id);
  if (binding?.fits?.(found.value) === false)
    return invalid(`${action.title} is not for ${resource.entity} ${resource.nameOf(found.value)}`);
  const name = binding?.called?.(found.value) ?? resource.nameOf(found.value);
  return done({ input: binding?.inputFrom(found.value) ?? { id: String(found.value.id) }, name });
};

type Run = { readonly call: Call; readonly session: Session; readonly streams: Streams; readonly json: boolean };

const report = async ({ call, streams, json }: Run, outcome: Outcome<Receipt>, request: string): Promise<number> => {
  if (!outcome.ok) {
    const next =
      outcome.refusal.kind === 'unknown' ? `repeat the command with --request ${request} to learn what became of it` : outcome.refusal.next;
    return refuse(
      streams,
      json,
      { ok: false, refusal: { ...outcome.refusal, ...(next === undefined ? {} : { next }) } },
      { action: call.action.id, request },
    );
  }
  const { summary, audit, replayed, waysBack } = outcome.value;
  if (json) await streams.write(`${toJson({ ok: true, action: call.action.id, ...outcome.value }, 2)}\n`);
  else await streams.write(`${safe(summary)} (audit ${audit}${replayed ? ', done before: nothing was done again' : ''})\n`);
  const [back] = waysBack;
  if (back && !json && !replayed)
    streams.say(
      `to take it back: bursar ${back.action.replace('.', ' ')}${back.seconds ? `, within ${Math.round(back.seconds / 60)} minutes` : ''}`,
    );
  return exitCode.done;
};

/** What must be typed, as the preview says; nobody knows where there is none. */
const wordsWith = ({ action }: Call, preview: Outcome<Preview>, { environment }: Session): string | undefined => {
  if (action.danger === 'plain') return '';
  return preview.ok ? wordsToType(action, { records: 1, target: preview.value.target }, environment) : undefined;
};

const showOnly = async ({ call, session, streams, json }: Run, preview: Outcome<Preview>): Promise<number> => {
  if (!preview.ok) return refuse(streams, json, preview, { action: call.action.id, dryRun: true });
  const words = wordsWith(call, preview, session) ?? '';
  const confirm = words === '' ? {} : { confirm: words };
  const lines = [...previewLines(preview.value), ...(words === '' ? [] : [`  to be done it takes --confirm ${quoted(words)}`])];
  await streams.write(json ? `${toJson({ ok: true, dryRun: true, preview: preview.value, ...confirm }, 2)}\n` : `${lines.join('\n')}\n`);
  return exitCode.done;
};

/** Fields that can be filled in with one thing only need not be given; which it is, is said. */
const fillIn = async ({ call: { action }, session, streams }: Run, typed: Typed): Promise<Outcome<Typed>> => {
  const open = fieldsOf(action.input).filter(({ key, required }) => required && typed[key] === undefined);
  if (!action.offers || open.length === 0) return done(typed);
  const offers = await session.offers(action);
  const filled: Record<string, string> = { ...typed };
  for (const { key, title } of open) {
    const only = onlyChoice(offers, key);
    const choices = offers[key]?.choices ?? [];
    if (only !== undefined) {
      filled[key] = only;
      streams.say(`--${dashed(key)} ${only}, as there is no other`);
    } else if (choices.length > 0) return invalid(`${title} is missing`, `add --${dashed(key)} with ${choices.slice(0, 20).join(', ')}`);
  }
  return done(filled);
};

const actOnOne = async (run: Run): Promise<number> => {
  const { call, session, streams, json } = run;
  const { flags } = call.typed;
  const stop = (refusal: Outcome<never>) => refuse(streams, json, refusal, { action: call.action.id });
  const given = requestOf(flags);
  if (!given.ok) return stop(given);
  const reason = checkReason(flags);
  if (!reason.ok) return stop(reason);
  const subject = await subjectOf(call, session);
  if (!subject.ok) return stop(subject);
  const secrets = await readSecrets(call.action, streams);
  if (!secrets.ok) return stop(secrets);
  const filled = await fillIn(run, { ...subject.value.input, ...typedFrom(call.action, flags), ...secrets.value });
  if (!filled.ok) return stop(filled);
  const typed = filled.value;

  const preview = await session.preview(call.action, typed);
  if (flags['dry-run'] === 'yes') return showOnly(run, preview);
  if (!preview.ok && (preview.refusal.kind === 'invalid' || flags['yes'] !== 'yes') && given.value === undefined) return stop(preview);
  if (preview.ok && flags['yes'] !== 'yes') for (const line of previewLines(preview.value)) streams.say(line);
  const words = wordsWith(call, preview, session);
  const agreed = await confirm(flags, { question: `${call.action.title} ${safe(subject.value.name)}?`, words }, streams);
  if (!agreed.ok) return stop(agreed);

  // Whoever may not do it at all is told that, and not asked for a reason or a code first
  const isForbidden = !preview.ok && preview.refusal.kind === 'forbidden';
  const permitted = isForbidden ? done(true) : await permit(call.action, preview.ok ? preview.value : undefined, session, flags, streams);
  if (!permitted.ok) return stop(permitted);

  // A refusal is met again inside the transaction, where it is recorded; a request that was carried out is answered with its result
  const request = given.value ?? randomUUID();
  const seen = agreed.value === 'person' && given.value === undefined && preview.ok ? preview.value : undefined;
  const options: RunOptions = { request, ...(seen ? { expected: { version: seen.target.version, hash: seen.hash } } : {}) };
  return report(run, await session.run(call.action, typed, options), request);
};

/** `operators create nina`: the one word that an action without a record can take is the name of what it makes. */
const nameAsFlag = (call: Call): Call | undefined => {
  const { words, flags } = call.typed;
  const [name] = words;
  if (name === undefined) return call;
  const field = call.resource.nameField;
  const takesName = field !== undefined && fieldsOf(call.action.input).some(({ key }) => key === field);
  if (!takesName || words.length > 1 || flags[field] !== undefined) return undefined;
  return { ...call, typed: { words: [], flags: { ...flags, [field]: name } } };
};

/** `bursar <resource> <verb> <records…>`: one record is done with, several are a bulk. */
export const act = async (asked: Call, session: Session, streams: Streams, signal: AbortSignal): Promise<number> => {
  const json = asked.typed.flags['json'] === 'yes';
  const meant = await overOthers(asked, session);
  if (!meant.ok) return refuse(streams, json, meant, { action: asked.action.id });
  const call = meant.value;
  const { words, flags } = call.typed;
  // What names no record of its own may still be bound to the rows of a pane, which say the rest
  if (!takesRecord(call.action) && !Object.values(call.resource.actions).some(({ action }) => action === call.action.id)) {
    const named = nameAsFlag(call);
    return named
      ? actOnOne({ call: named, session, streams, json })
      : refuse(streams, json, invalid(`${call.action.title} takes no record`, 'give what it needs as flags; see --help'));
  }
  if (words.length > 0 && flags['filter'] !== undefined) return refuse(streams, json, invalid('name records or give --filter, not both'));
  if (words.length === 0 && flags['filter'] === undefined) {
    return refuse(
      streams,
      json,
      invalid(`${call.action.title} needs a record`, `write bursar ${call.action.id.replace('.', ' ')} NAME, or --filter TEXT`),
    );
  }
  const many = words.length !== 1;
  if (many && Object.values(call.resource.actions).some(({ action, single }) => single && action === call.action.id))
    return refuse(streams, json, invalid(`${call.action.title} takes one ${call.resource.entity} at a time`), { action: call.action.id });
  return !many ? actOnOne({ call, session, streams, json }) : actOnMany(call, session, streams, signal);
};
