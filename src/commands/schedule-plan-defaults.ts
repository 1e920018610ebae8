import { randomUUID } from 'node:crypto';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { permit } from '../cli/permit.ts';
import { previewLines } from '../cli/preview-lines.ts';
import { conflict, done, forbidden, invalid } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { Session } from '../kit/session.ts';
import { planRunAction } from '../schedule/plan-run.ts';
import type { Command, CommandContext } from './command.ts';

/** What a bank should have planned; `with` names the host. Those that work on one database wait for one another. */
const defaults = [
  { name: 'backup', runbook: 'backup', cron: '0 2 * * *', with: 'host', catchUp: '12h' },
  { name: 'full-cleanup', runbook: 'full-cleanup', cron: '0 2 * * 0', with: 'host', catchUp: '4h' },
  { name: 'vacuum', runbook: 'vacuum', cron: '0 2 * * 0', with: 'host', catchUp: '8h' },
  { name: 'weekly-export', runbook: 'weekly-export', cron: '0 3 * * 0', with: 'host', catchUp: '2d' },
  { name: 'drill', runbook: 'drill', cron: '0 4 1 * *', with: 'host', catchUp: '3d' },
  { name: 'certificates', runbook: 'certificate-days', cron: '30 5 * * *', with: 'hosts', catchUp: '12h' },
] as const;

type Flags = Readonly<Record<string, string>>;

/** Plans one of them; says what came of it. */
const planOne = async (
  session: Session,
  typed: Flags,
  flags: Flags,
  given: Set<1 | 2>,
  { streams }: CommandContext,
): Promise<'planned' | 'asked' | 'not'> => {
  const say = (words: string): void => streams.say(`${typed['name']}: ${safe(words, { max: 300 })}`);
  const preview = await session.preview(planRunAction, typed);
  if (!preview.ok) {
    say(preview.refusal.message);
    return 'not';
  }
  await streams.write(`${previewLines(preview.value).join('\n')}\n`);
  if (flags['yes'] !== 'yes') return 'not';
  const { eyes } = preview.value;
  // A code holds for all of them, and cannot be given twice
  const permitted = given.has(eyes) ? done(true) : await permit(planRunAction, preview.value, session, flags, streams);
  if (!permitted.ok) {
    say(permitted.refusal.message);
    return 'not';
  }
  given.add(eyes);
  const { target, hash } = preview.value;
  const outcome = await session.run(planRunAction, typed, { request: randomUUID(), expected: { version: target.version, hash } });
  say(outcome.ok ? outcome.value.summary : outcome.refusal.message);
  if (outcome.ok) return 'planned';
  return outcome.refusal.kind === 'waiting-for-approval' ? 'asked' : 'not';
};

const planAll = async (session: Session, host: string, flags: Flags, context: CommandContext): Promise<number> => {
  if (!session.operator.permissions.has(planRunAction.permission))
    return refuse(context.streams, false, forbidden(`planning needs the permission ${planRunAction.permission}`));
  const note = flags['note'] ?? 'planned as every bank should have it';
  const ends: string[] = [];
  const given = new Set<1 | 2>();
  for (const { with: field, ...plan } of defaults)
    ends.push(await planOne(session, { ...plan, with: `${field}=${host}`, note }, flags, given, context));
  if (flags['yes'] !== 'yes') {
    context.streams.say(`nothing is planned: --yes --confirm ${host} plans what stands here`);
    return exitCode.done;
  }
  if (ends.includes('asked')) return exitCode.waiting;
  return ends.includes('planned') ? exitCode.done : refuse(context.streams, false, conflict('none of them was planned'));
};

/** `bursar schedule plan-defaults --host NAME`. */
export const planDefaultsCommand: Command = {
  name: 'schedule plan-defaults',
  summary:
    'plan backup, cleanup, vacuum, weekly export, drill and certificates of a host, each where its runbook takes it; shows them without --yes',
  flags: [
    { name: 'host', takes: 'NAME', help: 'the host of the database; must be given' },
    { name: 'note', takes: 'TEXT', help: 'why they are planned' },
    { name: 'yes', help: 'plan them' },
    { name: 'confirm', takes: 'NAME', help: 'what a person would have to type: the name of the host' },
    { name: 'reason', takes: 'TEXT', help: 'why you write now: opens a write window for this command; BURSAR_REASON says it for many' },
  ],
  run: async ({ words, flags }, context) => {
    const { host } = flags;
    if (words.length > 0 || host === undefined)
      return refuse(context.streams, false, invalid('schedule plan-defaults takes --host NAME', 'look hosts up with: bursar hosts list'));
    if (flags['yes'] === 'yes' && flags['confirm'] !== host)
      return refuse(context.streams, false, invalid('this must be confirmed by name', `add --confirm ${host}`));
    return context.withSession(session => planAll(session, host, flags, context));
  },
};
