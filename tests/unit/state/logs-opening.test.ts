import { describe, expect, test } from 'vitest';
import { done, forbidden } from '../../../src/domain/outcome.ts';
import { hosts } from '../../../src/resources/hosts/index.ts';
import type { HostRow } from '../../../src/resources/hosts/queries.ts';
import { frameOf } from '../../../src/tui/frame.ts';
import { newView } from '../../../src/tui/state/start.ts';
import type { State } from '../../../src/tui/state/types.ts';
import { unpainted } from '../../../src/tui/theme.ts';
import { followed, lines, logsIn, read, readingSession, said } from '../../support/log-states.ts';
import { aState, noon, small } from '../../support/state.ts';
import { effectOf, happen, kindsOf, press } from '../../support/state-play.ts';

const up = { name: 'moved', by: -1 } as const;

const visible = (state: State): readonly string[] => frameOf(state).map(unpainted);

describe('opening and leaving', () => {
  const row: HostRow = {
    id: 1n, sortKey: 'web1', name: 'web1', address: '10.0.0.1', port: 22, username: 'deploy', environment: 'test', tags: [], fingerprint: 'SHA256:x', pinnedAt: new Date(noon), pinnedBy: 'lena',
    addedAt: new Date(noon), addedBy: 'lena', retiredAt: null, state: 'up', detail: null, askedAt: null, upAt: null, latencyMs: 12, keyDays: 1, version: 1,
  }; // prettier-ignore
  const onHosts = (): State => ({
    ...aState(small),
    session: readingSession(),
    view: { ...newView(hosts), status: 'ready', cursor: 1n, window: { rows: [row], moreBefore: false, moreAfter: false } },
  });

  test('L asks for the logs of the host under the cursor, and Follow opens them', () => {
    const form = press(onHosts(), 'logs-asked');
    expect(kindsOf(form)).toEqual(['offer-logs']);
    expect(form.state.mode).toMatchObject({
      kind: 'logs-form',
      sheet: { typed: { hosts: 'web1', file: '/var/log/bank/app.log', last: '100' }, focus: 1 },
    });
    const asked = press(form.state, 'confirmed', 'confirmed', 'confirmed', 'confirmed');
    const { follow = '', request } = effectOf(asked, 'open-logs') ?? {};
    expect(request).toMatchObject({ hosts: ['web1'], file: ['/var/log/bank/app.log'], last: 100 });
    if (!request) throw new Error('nothing was asked');
    const refused = happen(asked.state, { kind: 'logs-opened', follow, request, outcome: forbidden('not yours', 'ask') });
    expect(refused.state.mode).toMatchObject({ sheet: { errors: { '': 'not yours; ask' }, waiting: false } });
    const open = happen(asked.state, { kind: 'logs-opened', follow, request, outcome: done(true) });
    expect(open.effects).toEqual([{ kind: 'steer-logs', follow, demand: 'flow' }]);
    const closed = press(open.state, 'escaped');
    expect(closed.effects).toEqual([{ kind: 'steer-logs', follow, demand: 'end' }]);
    expect([closed.state.mode.kind, closed.state.view]).toEqual(['browse', onHosts().view]);
  });

  test('a mistake is told beside its field', () => {
    const form = press(onHosts(), 'logs-asked').state;
    const wrong = happen(press(form, 'cleared').state, { kind: 'text-changed', text: '../etc/shadow' }).state;
    expect(press(wrong, 'confirmed', 'confirmed', 'confirmed', 'confirmed').state.mode).toMatchObject({ sheet: { focus: 1, errors: { file: 'are whole paths of logs, at most twenty' } } });
  }); // prettier-ignore

  test('who may not use hosts, and a console without a way in, are told why', () => {
    const { session, ...others } = onHosts();
    if (!session) throw new Error('no session');
    const barred = press(
      { ...others, session: { ...session, operator: { ...session.operator, permissions: new Set() } } },
      'logs-asked',
    ).state;
    expect(barred.flash?.text).toContain('host.use');
    const { logs: _logs, ...without } = session;
    expect(press({ ...others, session: without }, 'logs-asked').state.flash?.text).toBe('this console has no way into hosts');
  });

  test('Esc closes the whole line, then the words, then the level, then the screen', () => {
    const state = read(followed({ words: 'line', level: 'ERROR' }), ...lines(20));
    const whole = press(state, 'opened').state;
    expect(logsIn(whole).whole).toMatchObject({ scroll: 0 });
    const first = press(whole, 'escaped').state;
    expect([logsIn(first).whole, logsIn(first).words]).toEqual([undefined, 'line']);
    const second = press(first, 'escaped').state;
    expect([logsIn(second).words, logsIn(second).level]).toEqual(['', 'ERROR']);
    expect(press(second, 'escaped', 'escaped').state.mode.kind).toBe('browse');
  });

  test('n goes to the next line while one is read whole', () => {
    const whole = press(read(followed(), ...lines(20)), up, up, 'opened', { name: 'record-chosen', by: 1 }).state;
    expect(visible(whole).slice(2, 5).join('\n')).toMatch(/> web1 {2}app\.log {2}INFO\n.* line 19/);
    expect(logsIn(whole).whole).toMatchObject({ scroll: 0 });
  });
});

describe('the session', () => {
  const held = read(followed(), said('4471 is secret'));
  const lockedOf = (state: State) => happen(state, { kind: 'ticked' }, 16 * 60_000);

  test('behind a lock nothing shows and connections rest; unlocked, reading goes on', () => {
    const present = { ...held, session: { ...readingSession(), presence: {} as never } };
    const locked = lockedOf(present);
    expect(effectOf(locked, 'steer-logs')).toMatchObject({ follow: 'f1', demand: 'rest' });
    expect(visible(locked.state).join('\n')).not.toContain('4471');
    const open = happen(locked.state, { kind: 'unlock-answered', outcome: done(true) }, 16 * 60_000);
    expect(effectOf(open, 'steer-logs')).toMatchObject({ follow: 'f1', demand: 'flow' });
    expect(visible(open.state).join('\n')).toContain('4471');
  });

  test('they end with the session, and with the permission; r begins again', () => {
    const { session } = held;
    if (!session) throw new Error('no session');
    const barred = happen(
      { ...held, session: { ...session, operator: { ...session.operator, permissions: new Set() } } },
      { kind: 'ticked' },
    );
    expect(effectOf(barred, 'steer-logs')).toMatchObject({ demand: 'end' });
    expect(visible(barred.state).join('\n')).toContain('ended: the permission host.use was taken away; r begins again');
    const over = happen({ ...held, mode: { kind: 'ended', why: 'revoked', under: held.mode } }, { kind: 'ticked' });
    expect(effectOf(over, 'steer-logs')).toMatchObject({ demand: 'end' });
    const again = press(happen(held, { kind: 'logs-ended', follow: 'f1', why: 'no host is left' }).state, 'refreshed');
    const { follow = '', request } = effectOf(again, 'open-logs') ?? {};
    if (!request) throw new Error('nothing was asked');
    const open = happen(again.state, { kind: 'logs-opened', follow, request, outcome: done(true) });
    expect([open.effects, logsIn(open.state).shown]).toEqual([[{ kind: 'steer-logs', follow, demand: 'flow' }], []]);
  });
});
