import { done, invalid, lacking, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyAction } from '../kit/define-action.ts';
import type { Preview } from '../kit/request.ts';
import type { Session } from '../kit/session.ts';
import type { Streams } from './streams.ts';

/** A window for one command lasts as long as a command may take, in minutes; it is closed when the command ends. */
const windowMinutes = 15;

/** Whether it takes two people, of whom this is the first: a request needs no code, its checker gives one. */
const isAsking = (action: AnyAction, preview: Preview | undefined): boolean => (preview?.eyes ?? action.eyes) === 2;

const openWindow = async (session: Session, flags: Readonly<Record<string, string>>, streams: Streams): Promise<Outcome<true>> => {
  const { presence } = session;
  if (!presence) return done(true);
  const given = flags['reason'] ?? streams.environment['BURSAR_REASON'];
  if (given === undefined && (await presence.pulse(true)).windowExpiresAt !== null) return done(true);
  const reason = given ?? (await streams.ask?.('Why do you write now? (a ticket or a few words): '));
  if (reason === undefined || reason.trim() === '') {
    return lacking('window', 'this session is read-only', 'say why with --reason "ticket or words"');
  }
  const opened = await presence.openWindow(reason, windowMinutes);
  return opened.ok ? done(true) : opened;
};

const giveCode = async (session: Session, streams: Streams): Promise<Outcome<true>> => {
  const { presence } = session;
  if (!presence) return done(true);
  const demo = await presence.demoCode();
  if (demo !== undefined) streams.say(`the demo's one-time code is ${demo} and was used`);
  const code = demo ?? streams.environment['BURSAR_CODE'] ?? (await streams.ask?.('One-time code: ', { hidden: true }));
  if (code === undefined || code.trim() === '') {
    return lacking('code', 'a fresh one-time code is needed', 'set BURSAR_CODE, or run the command at a terminal and be asked');
  }
  return presence.confirmCode(safe(code.trim(), { max: 40 }));
};

/** What a change takes beside a yes: a reason that opens a write window, and a fresh code where the action asks for one. */
export const permit = async (
  action: AnyAction,
  preview: Preview | undefined,
  session: Session,
  flags: Readonly<Record<string, string>>,
  streams: Streams,
): Promise<Outcome<true>> => {
  if (session.readOnly) return { ok: false, refusal: session.readOnly };
  const window = await openWindow(session, flags, streams);
  if (!window.ok) return window;
  const needsCode = preview?.code ?? action.code ?? false;
  return needsCode && !isAsking(action, preview) ? giveCode(session, streams) : done(true);
};

/** A reason that nobody would understand later is refused before anything is opened. */
export const checkReason = (flags: Readonly<Record<string, string>>): Outcome<true> =>
  flags['reason'] !== undefined && flags['reason'].trim().length < 4 ? invalid('--reason takes at least 4 characters') : done(true);
