import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { State } from '../state/types.ts';
import { paint, type Ink } from '../theme.ts';

/** Reads older than this, in milliseconds, are called stale. */
const staleAfter = 3_000;

/** A word of the banner; on a narrow screen those of the lowest rank go first, alarms are shortened before they go. */
type Piece = { readonly text: string; readonly short?: string; readonly ink: Ink; readonly rank: number };

/** Whoever one is and how live it is goes before anything else does. */
const expendable = 5;

const placeOf = (state: State): Piece => {
  const environment = state.session?.environment;
  if (!environment) return { text: ' BURSAR ', ink: 'calm', rank: 9 };
  const name = safe(environment.name, { max: 30 });
  if (environment.production) return { text: `!PROD ${name}!`, short: '!PROD!', ink: 'alarm', rank: 9 };
  if (environment.demo) return { text: ` DEMO ${name} `, short: ' DEMO ', ink: 'calm', rank: 9 };
  return { text: ` ${name} `, ink: 'calm', rank: 9 };
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
  if (state.lostSince !== undefined)
    return [{ text: `!NO DATABASE ${seconds(state.now - state.lostSince)}, retrying!`, short: '!NO DB!', ink: 'alarm', rank: 8 }];
  if (readAt === 0 || (state.view.status === 'loading' && state.view.window.rows.length === 0))
    return [{ text: 'reading', ink: 'dim', rank: 4 }];
  if (state.paused) return [{ text: `PAUSED ${age}`, ink: 'warn', rank: 6 }];
  if (state.now - readAt > staleAfter) return [{ text: `STALE ${age}`, ink: 'warn', rank: 6 }];
  return [{ text: `live ${age}${state.follow ? ', following' : ''}`, ink: 'good', rank: 4 }];
};

const warningsOf = ({ session, unsettled }: State): readonly Piece[] => [
  ...(session?.readOnly ? [{ text: 'READ ONLY', ink: 'warn' as const, rank: 6 }] : []),
  ...(unsettled.length > 0 ? [{ text: `!${unsettled.length} UNKNOWN!`, ink: 'alarm' as const, rank: 7 }] : []),
];

const clockOf = (state: State): Piece => ({ text: `${new Date(state.now).toISOString().slice(11, 16)}Z`, ink: 'plain', rank: expendable });

const separator = ' | ';

const widthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + columnsOf(piece.text) + separator.length, -separator.length);

/** One step towards fitting: the least goes, but alarms are shortened first. */
const shortened = (pieces: readonly Piece[]): readonly Piece[] => {
  const least = Math.min(...pieces.map(piece => piece.rank));
  const long = pieces.filter(piece => piece.short !== undefined && piece.short !== piece.text).toSorted((a, b) => a.rank - b.rank)[0];
  if (least < expendable || !long) return pieces.filter(piece => piece.rank !== least);
  return pieces.map(piece => (piece === long ? { ...piece, text: piece.short ?? piece.text } : piece));
};

const fitting = (pieces: readonly Piece[], width: number): readonly Piece[] => {
  let kept = pieces;
  while (kept.length > 1 && widthOf(kept) > width) kept = shortened(kept);
  return kept;
};

/** The line that is never dropped: where one is, as whom, what to mind, how fresh it is, and the time. */
export const bannerLine = (state: State, width: number): string => {
  const clock = clockOf(state);
  const kept = fitting([placeOf(state), ...whoOf(state), ...warningsOf(state), ...ageOf(state), clock], width);
  const [only] = kept;
  if (kept.length === 1 && only) return paint(fit(only.text, Math.min(width, columnsOf(only.text))), only.ink);
  const left = kept.filter(piece => piece !== clock);
  const line = left.map(piece => paint(piece.text, piece.ink)).join(paint(separator, 'dim'));
  return left.length === kept.length ? line : line + ' '.repeat(width - widthOf(left) - clock.text.length) + clock.text;
};
