import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { State } from '../state/types.ts';
import { paint, type Ink } from '../theme.ts';

/** Reads older than this, in milliseconds, are called stale. */
const staleAfter = 3_000;

/** A word of the banner; on a narrow screen those of the lowest rank go first. */
type Piece = { readonly text: string; readonly ink: Ink; readonly rank: number };

const placeOf = (state: State): Piece => {
  const environment = state.session?.environment;
  if (!environment) return { text: ' BURSAR ', ink: 'calm', rank: 9 };
  const name = safe(environment.name, { max: 30 });
  if (environment.production) return { text: `!PROD ${name}!`, ink: 'alarm', rank: 9 };
  return { text: environment.demo ? ` DEMO ${name} ` : ` ${name} `, ink: 'calm', rank: 9 };
};

const whoOf = (state: State): readonly Piece[] => {
  const operator = state.session?.operator;
  if (!operator) return [];
  const roles = operator.roles.length > 2 ? `${operator.roles.length} roles` : operator.roles.join('+');
  return [{ text: safe(`${operator.name} ${roles}`, { max: 40 }), ink: 'plain', rank: 3 }];
};

const seconds = (milliseconds: number): string => {
  const whole = Math.max(1, Math.round(milliseconds / 1_000));
  return whole < 120 ? `${whole}s` : `${Math.floor(whole / 60)}m`;
};

/** How old the rows on screen are. */
const ageOf = (state: State): readonly Piece[] => {
  const { readAt } = state.view;
  const age = seconds(state.now - readAt);
  if (!state.session) return [];
  if (state.lostSince !== undefined) return [{ text: `!NO DATABASE ${seconds(state.now - state.lostSince)}, retrying!`, ink: 'alarm', rank: 8 }];
  if (readAt === 0 || (state.view.status === 'loading' && state.view.window.rows.length === 0)) return [{ text: 'reading', ink: 'dim', rank: 5 }];
  if (state.paused) return [{ text: `PAUSED ${age}`, ink: 'warn', rank: 6 }];
  if (state.now - readAt > staleAfter) return [{ text: `STALE ${age}`, ink: 'warn', rank: 6 }];
  return [{ text: `live ${age}${state.follow ? ', following' : ''}`, ink: 'good', rank: 4 }];
};

const warningsOf = ({ session, unsettled }: State): readonly Piece[] => [
  ...(session?.readOnly ? [{ text: 'READ ONLY', ink: 'warn' as const, rank: 5 }] : []),
  ...(unsettled.length > 0 ? [{ text: `!${unsettled.length} UNKNOWN!`, ink: 'alarm' as const, rank: 7 }] : []),
];

const separator = ' | ';

const fitting = (pieces: readonly Piece[], width: number): readonly Piece[] => {
  const widthOf = (kept: readonly Piece[]) => kept.reduce((sum, piece) => sum + columnsOf(piece.text) + separator.length, -separator.length);
  let kept = pieces;
  while (kept.length > 1 && widthOf(kept) > width) {
    const least = Math.min(...kept.map(piece => piece.rank));
    kept = kept.filter(piece => piece.rank !== least);
  }
  return kept;
};

/** The line that is never dropped: where one is, as whom, what to mind, how fresh it is, and the time. */
export const bannerLine = (state: State, width: number): string => {
  const clock = `${new Date(state.now).toISOString().slice(11, 16)}Z`;
  const pieces = [placeOf(state), ...whoOf(state), ...warningsOf(state), ...ageOf(state)];
  const room = width - clock.length - 1;
  const kept = fitting(pieces, room);
  const [only] = kept;
  if (kept.length === 1 && only && columnsOf(only.text) > room) return paint(fit(only.text, width), only.ink);
  const used = kept.reduce((sum, piece) => sum + columnsOf(piece.text) + separator.length, -separator.length);
  return kept.map(piece => paint(piece.text, piece.ink)).join(paint(separator, 'dim')) + ' '.repeat(width - used - clock.length) + clock;
};
