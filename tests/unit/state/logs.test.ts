import { describe, expect, test } from 'vitest';
import { frameOf } from '../../../src/tui/frame.ts';
import { mostLines } from '../../../src/tui/state/log-ring.ts';
import { logRows } from '../../../src/tui/state/log-hosts.ts';
import { lineAtCursor, newerThan } from '../../../src/tui/state/log-view.ts';
import type { State } from '../../../src/tui/state/types.ts';
import { unpainted } from '../../../src/tui/theme.ts';
import { followed, lines, logsIn, read, said } from '../../support/log-states.ts';
import { noon, small } from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const up = { name: 'moved', by: -1 } as const;
const pageUp = { name: 'moved', by: 'page-up' } as const;
const end = { name: 'moved', by: 'last' } as const;
const level = { name: 'stepped', by: 1 } as const;

const visible = (state: State): readonly string[] => frameOf(state).map(unpainted);
const numbers = (state: State): readonly number[] =>
  visible(state).flatMap(line => { const [, number] = /\bline (\d+)/.exec(line) ?? []; return number === undefined ? [] : [Number(number)]; }); // prettier-ignore
const cursorOn = (state: State): string | undefined => lineAtCursor(logsIn(state), logRows(logsIn(state), state.size))?.text;
const demandOf = (state: State, ...keys: Parameters<typeof press> extends [State, ...infer Keys] ? Keys : never) =>
  effectOf(press(state, ...keys), 'steer-logs')?.demand;

describe('following', () => {
  test('the end is followed until somebody looks back; then the list does not move, and what is new is counted', () => {
    const full = read(followed(), ...lines(100));
    expect(numbers(full).at(-1)).toBe(100);
    const back = press(full, up).state;
    const before = visible(back).slice(2, -3);
    const later = read(back, ...lines(30, 101));
    expect(visible(later).slice(2, -3)).toEqual(before);
    expect(visible(later).join('\n')).toContain('30 new, G');
    expect(cursorOn(later)).toContain('line 99');
    const followedAgain = press(later, end).state;
    expect([numbers(followedAgain).at(-1), newerThan(logsIn(followedAgain))]).toEqual([130, 0]);
    expect(numbers(read(followedAgain, ...lines(1, 131))).at(-1)).toBe(131);
  });

  test('what was on screen once is not new', () => {
    const back = read(press(read(followed(), ...lines(100)), pageUp, pageUp).state, ...lines(5, 101));
    expect(newerThan(logsIn(back))).toBe(5);
  });

  test('at the end, down changes nothing; k and g lead up, j down', () => {
    const full = read(followed(), ...lines(100));
    expect(press(full, { name: 'moved', by: 1 }).state.mode).toEqual(full.mode);
    expect(cursorOn(press(full, { name: 'moved', by: 'first' }).state)).toContain('line 1');
    expect(cursorOn(press(full, { name: 'moved', by: 'first' }, { name: 'moved', by: 1 }).state)).toContain('line 2');
  });

  test('memory is bounded by lines and by characters, and what was let go is told', () => {
    let state = followed();
    for (let batch = 0; batch < 4; batch += 1) state = read(state, ...lines(4_000, batch * 4_000 + 1));
    expect([logsIn(state).ring.lines.length, logsIn(state).ring.fallen]).toEqual([mostLines, 6_000]);
    expect(logsIn(state).shown).toHaveLength(mostLines);
    expect(visible(state)[1]).toContain('10,000 lines, 6,000 older let go');
    const long = Array.from({ length: 600 }, () => said('x'.repeat(16_000)));
    expect(logsIn(read(state, ...long)).ring).toMatchObject({ characters: 8_000_000, lines: { length: 500 } });
  });

  test('what somebody looks at is not let go: reading waits instead, and goes on with G', () => {
    const back = press(read(followed(), ...lines(4_000)), { name: 'moved', by: 'first' }).state;
    const fuller = read(read(back, ...lines(4_000, 4_001)), ...lines(2_000, 8_001));
    const over = happen(fuller, { kind: 'log-read', follow: 'f1', items: lines(4_000, 10_001) });
    expect(effectOf(over, 'steer-logs')).toMatchObject({ follow: 'f1', demand: 'hold' });
    expect(numbers(over.state)[0]).toBe(1);
    expect(visible(over.state).join('\n')).toContain('what comes waits on the hosts');
    const on = press(over.state, end);
    expect(effectOf(on, 'steer-logs')).toMatchObject({ demand: 'flow' });
    expect(logsIn(on.state).ring.lines).toHaveLength(mostLines);
  });

  test('p holds reading back, and lets it go on', () => {
    const paused = press(followed(), 'paused');
    expect(effectOf(paused, 'steer-logs')).toMatchObject({ demand: 'hold' });
    expect(visible(paused.state).join('\n')).toContain('paused');
    expect(demandOf(paused.state, 'paused')).toBe('flow');
  });

  test('answers to another following are dropped', () => {
    const state = followed();
    expect(happen(state, { kind: 'log-read', follow: 'f0', items: lines(3) })).toEqual({ state, effects: [] });
    expect(happen(state, { kind: 'logs-ended', follow: 'f0', why: 'it is over' })).toEqual({ state, effects: [] });
  });
});

describe('the command line over logs', () => {
  const typed = (state: State, text: string): State => happen(press(state, 'command-opened').state, { kind: 'text-changed', text }).state;

  test('they are followed on while it is typed, and Esc, an empty line or help lead back to them', () => {
    const opened = press(read(followed(), ...lines(50)), 'command-opened');
    expect(effectOf(opened, 'steer-logs')).toBeUndefined();
    const more = read(opened.state, ...lines(1, 51));
    expect([more.mode.kind, numbers(more).at(-1)]).toEqual(['command', 51]);
    for (const leave of ['escaped', 'interrupted', 'confirmed'] as const) {
      const back = press(more, leave);
      expect([back.state.mode.kind, numbers(back.state).at(-1), kindsOf(back)]).toEqual(['logs', 51, []]);
    }
    const helped = press(typed(more, 'help'), 'confirmed').state;
    expect([helped.mode.kind, press(helped, 'escaped').state.mode.kind]).toEqual(['help', 'logs']);
    const leaving = press(typed(more, 'q'), 'confirmed').state;
    expect([leaving.mode.kind, press(leaving, 'escaped').state.mode.kind]).toEqual(['quit', 'logs']);
  });

  test('a list that it leads to ends the following, and says so; other logs are asked for in their place', () => {
    const there = press(typed(read(followed(), ...lines(5)), 'accounts'), 'confirmed');
    expect([there.state.mode.kind, there.state.view.resource]).toEqual(['browse', 'accounts']);
    expect(effectOf(there, 'steer-logs')).toMatchObject({ follow: 'f1', demand: 'end' });
    expect(there.state.flash?.text).toContain('the logs are no longer followed');
    expect(press(typed(followed(), 'logs web2'), 'confirmed').state.mode.kind).toBe('logs-form');
  });

  test('what is wrong with it is told, with the logs still there; what needs a list on screen says so', () => {
    const wrong = press(typed(followed(), 'acounts'), 'confirmed').state;
    expect([wrong.mode.kind, visible(wrong).join('\n')]).toEqual(['command', expect.stringContaining('there is no command acounts')]);
    for (const command of ['save x', 'saved', 'forget x', 'export csv']) {
      const refused = press(typed(followed(), command), 'confirmed').state;
      expect(visible(refused).join('\n')).toContain('is about a list, and logs are shown');
      expect(press(refused, 'escaped').state.mode.kind).toBe('logs');
    }
  });
});

describe('filters', () => {
  const mixed = read(
    followed(),
    said('INFO login of ada'),
    said('ERROR timeout of jobs', 'web2'),
    said('ERROR login refused'),
    said('no level at all'),
  );
  const shown = (state: State): readonly string[] => logsIn(state).shown.map(({ text }) => text);
  const typed = (state: State, text: string): State => happen(press(state, 'filter-opened').state, { kind: 'text-changed', text }).state;

  test('words filter what is held while they are typed; Esc brings back what was before, Enter keeps them, ! turns round', () => {
    const typing = typed(mixed, 'LOGIN');
    expect(shown(typing)).toEqual(['INFO login of ada', 'ERROR login refused']);
    expect(shown(press(typing, 'escaped').state)).toHaveLength(4);
    const kept = press(typing, 'confirmed').state;
    expect(shown(read(kept, said('INFO logout'), said('INFO next login')))).toEqual([
      'INFO login of ada',
      'ERROR login refused',
      'INFO next login',
    ]);
    expect(shown(typed(mixed, '!login'))).toEqual(['ERROR timeout of jobs', 'no level at all']);
    expect(shown(press(kept, 'escaped').state)).toHaveLength(4);
  });

  test('a key goes through the levels and back to all', () => {
    expect(shown(press(mixed, level).state)).toEqual(['ERROR timeout of jobs', 'ERROR login refused']);
    expect(shown(press(mixed, level, level, level, level, level, level, level).state)).toHaveLength(4);
    expect(visible(press(mixed, level).state)[1]).toMatch(/app\.log > web1, web2 > ERROR +2 of 4 lines/);
  });

  test('what the console itself says stands among the lines whatever they are filtered by', () => {
    const noted = read(press(mixed, level).state, {
      host: 'web1',
      news: { kind: 'file', file: '/var/log/bank/app.log', state: 'rotated' },
    });
    expect(visible(noted).join('\n')).toMatch(/web1 note +\| app\.log was rotated; it goes on/);
  });

  test('a line that was read whole leads back to where one was: to the end, or to the line', () => {
    const whole = press(read(followed(), ...lines(50)), 'opened').state;
    expect(numbers(read(press(whole, 'escaped').state, ...lines(1, 51))).at(-1)).toBe(51);
    const next = press(whole, { name: 'record-chosen', by: -1 }, 'escaped').state;
    expect(cursorOn(read(next, ...lines(1, 51)))).toContain('line 49');
  });

  test('with the filter gone the line under the cursor stays on its line of the screen, and no room is left empty', () => {
    const filtered = press(read(followed(), ...lines(50)), level, up).state;
    const all = press(filtered, 'escaped').state;
    expect(cursorOn(all)).toContain('line 45');
    expect([numbers(all).at(-1), numbers(all).length]).toEqual([50, logRows(logsIn(all), small)]);
  });

  test('where nothing fits, it says so, and the cursor comes back', () => {
    const none = typed(read(followed(), ...lines(50)), 'nowhere');
    expect(visible(none).join('\n')).toContain('None of 50 lines fits /nowhere.');
    expect(press(press(none, 'confirmed').state, up, 'opened').state.mode).toEqual(press(none, 'confirmed').state.mode);
  });
});

describe('hosts', () => {
  const lost = { kind: 'lost', why: '10.0.0.2:22 cannot be reached', waitMs: 4_000 } as const;

  test('those that are followed stand in one line, and each that has trouble in its own', () => {
    const state = read(followed(), { host: 'web1', news: { kind: 'reached', again: false } }, { host: 'web2', news: lost });
    expect(visible(state).join('\n')).toMatch(/web2: reconnecting in 4 s: 10\.0\.0\.2:22 cannot be reached.*\n +following web1/);
    expect(visible({ ...state, now: noon + 3_100 }).join('\n')).toContain('reconnecting in 1 s');
    const again = read(state, { host: 'web2', news: { kind: 'reached', again: true } });
    expect(visible(again).join('\n')).toContain('following web1, web2');
    // a host that stays away is not told of with every attempt
    const notes = logsIn(read(state, { host: 'web2', news: lost }, { host: 'web2', news: lost })).shown.filter(({ isNote }) => isNote);
    expect(notes).toHaveLength(1);
  });

  test('a changed key and a log that is not there are told; a rotation stays told', () => {
    const why = '10.0.0.2:22 showed another key than the pinned one: nothing was sent';
    const rotated = read(
      followed(),
      { host: 'web1', news: { kind: 'reached', again: false } },
      { host: 'web1', news: { kind: 'file', file: '/var/log/bank/app.log', state: 'rotated' } },
      { host: 'web1', news: { kind: 'file', file: '/var/log/bank/app.log', state: 'read' } },
      { host: 'web2', news: { kind: 'given-up', why } },
    );
    expect(visible(rotated).join('\n')).toContain(`web2: given up: ${why}`.slice(0, 70));
    expect(visible(rotated).join('\n')).toContain('following web1 (app.log rotated 12:04:31Z)');
    const absent = read(rotated, { host: 'web1', news: { kind: 'file', file: '/var/log/bank/app.log', state: 'absent' } });
    expect(visible(absent).join('\n')).toContain('web1: app.log is not there');
  });
});
