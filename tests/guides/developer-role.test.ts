import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandOf, lastRequest, screenOf } from '../support/staff-guide.ts';
import { aStaffedBank, type StaffedBank } from '../support/staff.ts';

let bank: StaffedBank;
beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], vera: ['analyst'], omar: ['operations'] });
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'as the guide of the developer role says';

test(
  'P9 the developer role is lent for an incident and up to 24 hours by two, every administrator is told, a banner shows it, one ends it',
  { timeout: 60_000 },
  async () => {
    const ada = await commandOf(bank, 'ada');
    const vera = String(await bank.idOf('vera'));
    expect(await ada('operators', 'grant-developer', 'vera', '--note', note, '--yes', '--confirm', 'vera')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('is lent for an incident, and none is open; declare one first') as string,
    });
    expect(
      await ada('incidents', 'declare', '--level', '2', '--kind', 'outage', '--title', 'Postings hang since noon', '--note', note, '--yes'),
    ).toMatchObject({ code: 0 });
    expect(await ada('operators', 'grant-developer', 'vera', '--hours', '48', '--note', note, '--yes', '--confirm', 'vera')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is at most 24') as string,
    });
    expect(await ada('operators', 'grant-developer', 'vera', '--hours', '2', '--note', note, '--yes', '--confirm', 'vera')).toMatchObject({
      code: 4,
    });
    const mona = await commandOf(bank, 'mona');
    expect(await mona('inbox', 'approve', await lastRequest(bank), '--note', 'needed for the incident', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^vera is developer until /) as string,
    });
    const [held] = await bank.rows(
      `SELECT r.incident_id::int, extract(epoch FROM r.expires_at - clock_timestamp()) / 3600 AS hours, b.name AS granted_by FROM ops.operator_role r JOIN ops.operator b ON b.id = r.granted_by
      WHERE r.operator_id = $1 AND r.role = 'developer'`,
      [vera],
    );
    expect(held).toMatchObject({ incident_id: 1, granted_by: 'ada' });
    expect(Number(held?.['hours'])).toBeCloseTo(2, 1);
    const told = await bank.rows(`SELECT recipient FROM ops.notice WHERE template = 'developer-role' ORDER BY recipient`);
    expect(told).toEqual([{ recipient: 'ada@bank.example' }, { recipient: 'bert@bank.example' }]);

    // allowed, since when, until when: by screen and by command
    const list = await ada('developer-grants', 'list', '--json');
    expect(list.stdout).toContain('vera');
    const adaHere = await bank.member('ada');
    await using console = await screenOf(adaHere, 'operators role=developer');
    await console.sees('vera', 'developer until', '!DEV');
    await console.press('x', 'o');
    await console.fill({ note });
    await console.sees('vera (Vera) is no longer developer');
    await console.confirm();
    await console.sees('[ok] ended the developer role of vera');
    expect(await bank.rows(`SELECT FROM ops.operator_role WHERE operator_id = $1 AND role = 'developer'`, [vera])).toHaveLength(0);

    // the same by command, and without asking anybody
    expect(await ada('operators', 'grant-developer', 'vera', '--note', note, '--yes', '--confirm', 'vera')).toMatchObject({ code: 4 });
    expect(await mona('inbox', 'approve', await lastRequest(bank), '--note', 'needed for the incident', '--yes')).toMatchObject({
      code: 0,
    });
    expect(await mona('operators', 'end-developer', 'vera', '--note', note, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('ended the developer role of vera') as string,
    });
  },
);

test(
  'P15 after misuse of the developer role all that was done under it is listed: pane, detail, audit log',
  { timeout: 60_000 },
  async () => {
    const [ada, mona] = [await bank.member('ada'), await bank.member('mona')];
    const before = await bank.member('vera');
    expect(await before.run('incidents.declare', { level: '3', kind: 'outage', title: 'Declared before it was lent', note })).toMatchObject(
      {
        ok: true,
      },
    );
    const vera = { id: String(before.id), note };
    expect(await ada.run('incidents.declare', { level: '1', kind: 'security', title: 'What the role was lent for', note })).toMatchObject({
      ok: true,
    });
    expect(await bank.both(ada, mona, 'operators.grant-developer', { ...vera, hours: '1' })).toMatchObject({ ok: true });
    const during = await bank.member('vera');
    const titles = ['First thing done as developer', 'Second thing done as developer'];
    for (const title of titles)
      expect(await during.run('incidents.declare', { level: '3', kind: 'outage', title, note })).toMatchObject({ ok: true });
    expect(await mona.run('operators.end-developer', vera)).toMatchObject({ ok: true });
    const after = await bank.member('vera');
    expect(await after.run('incidents.declare', { level: '3', kind: 'outage', title: 'Declared after it was ended', note })).toMatchObject({
      ok: true,
    });

    const adaCommand = await commandOf(bank, 'ada');
    const grant = String(await bank.value('SELECT max(id) FROM ops.role_grant WHERE role = $1', ['developer']));
    const shown = await adaCommand('developer-grants', 'show', grant);
    expect(shown).toMatchObject({ code: 0 });
    for (const title of titles) expect(shown.stdout).toContain(title);
    expect(shown.stdout).not.toContain('Declared before');
    expect(shown.stdout).not.toContain('Declared after');
    const log = await adaCommand('audit', 'list', `grant=${grant}`, 'action=incidents.declare', '--json');
    const records = [...log.stdout.matchAll(/(First|Second) thing done as developer|Declared (before|after)/g)].map(([match]) => match);
    expect(new Set(records)).toEqual(new Set(titles));

    await using console = await screenOf(ada, 'developer-grants status=ended');
    await console.sees('vera', 'ended', 'ada');
    await console.press('enter');
    await console.sees('Done under it: 4', 'Second', 'First');
    await console.press('l');
    await console.sees(`grant=${grant}`, '1 of 4', 'incidents.declare', 'windows.open', 'sessions.open', 'Second thing');
    await console.seesNo('Declared before', 'Declared after');
  },
);
