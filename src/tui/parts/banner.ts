import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import { isCovered } from '../state/mode.ts';
import type { State } from '../state/types.ts';
import { isIncidentOpen } from '../state/write-window.ts';
import { paint, type Ink } from '../theme.ts';

/** Reads older than this, in milliseconds, are called stale. */
const staleAfter = 3_000;

/** A word of the banner; on a narrow screen all are shortened, those of the lowest rank first, and only then any is left out. */
type Piece = { readonly text: string; readonly short?: string; readonly ink: Ink; readonly rank: number };

const placeOf = (state: State): Piece => {
  const environment = state.session?.environment ?? state.gate?.environment;
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
  const name = safe(operator.name, { max: 16 });
  return [{ text: safe(`${operator.name} ${roles}`, { max: 40 }), short: name, ink: 'plain', rank: 4 }];
};

const seconds = (milliseconds: number): string => {
  const whole = Math.max(1, Math.round(milliseconds / 1_000));
  return whole < 120 ? `${whole}s` : `${Math.floor(whole / 60)}m`;
};

/** How old the rows on screen are. */
const ageOf = (state: State): readonly Piece[] => {
  const { readAt } = state.view;
  const age = seconds(state.now - readAt);
  if (!state.session || isCovered(state)) return [];
  if (state.lostSince !== undefined)
    return [{ text: `!NO DATABASE ${seconds(state.now - state.lostSince)}, retrying!`, short: '!NO DB!', ink: 'alarm', rank: 8 }];
  if (readAt === 0 || (state.view.status === 'loading' && state.view.window.rows.length === 0))
    return [{ text: 'reading', ink: 'dim', rank: 3 }];
  if (state.paused) return [{ text: `PAUSED ${age}`, ink: 'warn', rank: 6 }];
  if (state.now - readAt > staleAfter) return [{ text: `STALE ${age}`, ink: 'warn', rank: 6 }];
  return [{ text: `live ${age}${state.follow ? ', following' : ''}`, ink: 'good', rank: 3 }];
};

/** The last of a window is counted in seconds, and warned of; in milliseconds. */
const lastOfWindow = 60_000;

/** Whether this session may write, and for how long. */
const windowOf = (state: State): readonly Piece[] => {
  const { session, pulse, now } = state;
  if (session?.readOnly) return [{ text: 'READ ONLY', ink: 'warn', rank: 6 }];
  if (!session?.presence || !pulse.last) return [];
  if (pulse.writesUntil === undefined || pulse.writesUntil <= now) {
    const mayOpen = session.operator.permissions.has('window.open');
    return [{ text: mayOpen ? 'READ-ONLY (W)' : 'READ-ONLY', short: 'R/O', ink: 'warn', rank: 6 }];
  }
  const left = pulse.writesUntil - now;
  const text = left > lastOfWindow ? `WRITE ${Math.floor(left / 60_000)}m` : `WRITE ${Math.max(1, Math.ceil(left / 1_000))}s`;
  const ink = left > lastOfWindow ? 'info' : 'warn';
  return isIncidentOpen(state) ? [{ text: `${text} (W r)`, short: text, ink, rank: 6 }] : [{ text, ink, rank: 6 }];
};

const incidentOf = (incident: string): Piece => {
  const [, number = '?', level = '?'] = /^#(\d+) level (\d+)/.exec(incident) ?? [];
  return { text: `!INCIDENT #${number} L${level}!`, short: `!INC ${number}!`, ink: 'alarm', rank: 7 };
};

/** The platform is closed to its users. */
const maintenanceOf = (until: Date): Piece => ({
  text: `!MAINTENANCE until ${until.toISOString().slice(11, 16)}Z!`, short: '!MAINT!', ink: 'warn', rank: 7,
}); // prettier-ignore

/** What everybody on duty has to know. */
const alarmsOf = ({ pulse: { last } }: State): readonly Piece[] => [
  ...(last?.incident ? [incidentOf(last.incident)] : []),
  ...(last?.developers ? [{ text: `!DEV ${safe(last.developers, { max: 60 })}!`, short: '!DEV!', ink: 'alarm' as const, rank: 7 }] : []),
  ...(last?.brokenGlass
    ? [{ text: `!GLASS ${last.brokenGlass}!`, short: `!GL ${last.brokenGlass}!`, ink: 'alarm' as const, rank: 7 }]
    : []),
  ...(last?.maintenanceUntil ? [maintenanceOf(last.maintenanceUntil)] : []),
];

const inboxOf = (state: State): readonly Piece[] => {
  const { last } = state.pulse;
  const waiting = (last?.inbox ?? 0) + (last?.toRatify ?? 0);
  return waiting === 0 || isCovered(state) ? [] : [{ text: `inbox ${waiting}`, short: `in ${waiting}`, ink: 'info', rank: 5 }];
};

const warningsOf = (state: State): readonly Piece[] => [
  ...(state.session?.environment.asOwner ? [{ text: 'AS OWNER (doctor)', short: 'OWNER', ink: 'warn' as const, rank: 6 }] : []),
  ...(isCovered(state) ? [] : windowOf(state)),
  ...alarmsOf(state),
  ...(state.unsettled.length > 0
    ? [{ text: `!${state.unsettled.length} UNKNOWN!`, short: `!${state.unsettled.length}?!`, ink: 'alarm' as const, rank: 7 }]
    : []),
];

const clockOf = (state: State): Piece => ({ text: `${new Date(state.now).toISOString().slice(11, 16)}Z`, ink: 'plain', rank: 2 });

const separator = ' | ';

const widthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + columnsOf(piece.text) + separator.length, -separator.length);

/** One step towards fitting. */
const shortened = (pieces: readonly Piece[]): readonly Piece[] => {
  const long = pieces.filter(piece => piece.short !== undefined && piece.short !== piece.text).toSorted((a, b) => a.rank - b.rank)[0];
  if (long) return pieces.map(piece => (piece === long ? { ...piece, text: piece.short ?? piece.text } : piece));
  const least = pieces.toSorted((a, b) => a.rank - b.rank)[0];
  return pieces.filter(piece => piece !== least);
};

const fitting = (pieces: readonly Piece[], width: number): readonly Piece[] => {
  let kept = pieces;
  while (kept.length > 1 && widthOf(kept) > width) kept = shortened(kept);
  return kept;
};

/** The line that is never dropped: where one is, as whom, what to mind, how fresh it is, and the time. */
export const bannerLine = (state: State, width: number): string => {
  const clock = clockOf(state);
  const kept = fitting([placeOf(state), ...whoOf(state), ...warningsOf(state), ...ageOf(state), ...inboxOf(state), clock], width);
  const [only] = kept;
  if (kept.length === 1 && only) return paint(fit(only.text, Math.min(width, columnsOf(only.text))), only.ink);
  const left = kept.filter(piece => piece !== clock);
  const line = left.map(piece => paint(piece.text, piece.ink)).join(paint(separator, 'dim'));
  return left.length === kept.length ? line : line + ' '.repeat(width - widthOf(left) - clock.text.length) + clock.text;
};
