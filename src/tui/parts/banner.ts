import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { State } from '../state/types.ts';
import { paint, type Ink } from '../theme.ts';

/** Reads older than this, in milliseconds, are called stale. */
const staleAfter = 3_000;

type Piece = { readonly text: string; readonly ink: Ink };

const placeOf = (state: State): Piece => {
  const environment = state.session?.environment;
  if (!environment) return { text: 'BURSAR', ink: 'title' };
  const name = safe(environment.name, { max: 30 });
  if (environment.production) return { text: `!PROD ${name}!`, ink: 'alarm' };
  return environment.demo ? { text: ` DEMO ${name} `, ink: 'calm' } : { text: ` ${name} `, ink: 'calm' };
};

const whoOf = (state: State): Piece => {
  const operator = state.session?.operator;
  if (!operator) return { text: 'connecting', ink: 'dim' };
  const roles = operator.roles.length > 2 ? `${operator.roles.length} roles` : operator.roles.join('+');
  return { text: safe(`${operator.name} ${roles}`, { max: 40 }), ink: 'plain' };
};

/** How old the rows on screen are. */
const ageOf = (state: State): Piece => {
  const seconds = Math.max(0, Math.round((state.now - state.view.readAt) / 1_000));
  if (state.lostSince !== undefined)
    return { text: `DATABASE LOST ${Math.round((state.now - state.lostSince) / 1_000)}s, retrying`, ink: 'alarm' };
  if (state.view.readAt === 0) return { text: 'reading', ink: 'dim' };
  if (state.paused) return { text: `PAUSED ${seconds}s`, ink: 'warn' };
  return state.now - state.view.readAt > staleAfter
    ? { text: `stale ${seconds}s`, ink: 'warn' }
    : { text: state.follow ? 'live, follows' : 'live', ink: 'good' };
};

/** The line that is never dropped: where one is, as whom, how fresh it is, and the time. */
export const bannerLine = (state: State, width: number): string => {
  const clock = `${new Date(state.now).toISOString().slice(11, 16)}Z`;
  const pieces = [placeOf(state), whoOf(state), ageOf(state)];
  if (state.unsettled) pieces.push({ text: 'UNKNOWN outcome, settling', ink: 'alarm' });
  const kept: Piece[] = [];
  let used = columnsOf(clock) + 1;
  for (const piece of pieces) {
    if (kept.length > 0 && used + columnsOf(piece.text) + 3 > width) continue;
    used += columnsOf(piece.text) + 3;
    kept.push(piece);
  }
  const left = kept.map(piece => paint(piece.text, piece.ink)).join(' | ');
  const room = width - kept.reduce((sum, piece, index) => sum + columnsOf(piece.text) + (index > 0 ? 3 : 0), 0);
  return left + fit(clock, Math.max(0, room), 'right');
};
