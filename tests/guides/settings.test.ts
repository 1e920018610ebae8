import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'as the policy of the group asks';
const valueOf = async (key: string): Promise<unknown> =>
  (await bank.rows('SELECT value FROM platform.setting WHERE key = $1', [key]))[0]?.['value'];
const idOf = (key: string) => bank.value('SELECT id FROM platform.setting WHERE key = $1', [key]);
const pending = (key: string) =>
  bank.value(`SELECT number FROM ops.approval WHERE entity = 'setting' AND entity_label = $1 AND status = 'pending'`, [key]);
const agree = async (key: string) =>
  bank.bursar('--as', 'manager', 'inbox', 'approve', await pending(key), '--note', 'agreed with the head of security', '--yes');
const change = (key: string, value: string) =>
  bank.tries('settings', 'edit', key, '--value', value, '--note', note, '--yes', '--confirm', key);

test('H14 password rules: 12 characters and composition can be had, knowingly and by two people; 15 and none are kept by default, history is 5', async () => {
  await using console = await bank.screen('settings');
  await goTo(console, 'settings key=security.password-length');
  await console.sees('15', 'integer', 'security: takes two people', 'NIST SP 800-63B-4');
  await console.press('x', 'e');
  await console.fill({ value: '12', note });
  await console.sees('15 -> 12', 'this breaks a standard: NIST SP 800-63B-4');
  await console.confirm('security.password-length');
  await console.sees('waits for somebody with');
  expect(await valueOf('security.password-length')).toBe(15);
  await agree('security.password-length');
  expect(await valueOf('security.password-length')).toBe(12);
  await goTo(console, 'settings key=security.password-length');
  await console.sees('12', 'History', 'setup', 'demo');

  for (const rule of ['upper', 'lower', 'digit', 'special']) {
    const key = `security.password-${rule}`;
    expect(await valueOf(key)).toBe(false);
    const preview = await bank.bursar('settings', 'edit', key, '--value', 'yes', '--note', note, '--dry-run');
    expect(preview).toContain('ASVS 6.2.5 forbids composition rules');
    expect((await change(key, 'yes')).code).toBe(4);
    await agree(key);
    expect(await valueOf(key)).toBe(true);
  }
  expect(await valueOf('security.password-history')).toBe(5);
  const told = (await bank.rows('SELECT platform.public_settings() AS told'))[0]?.['told'];
  expect(told).toMatchObject({ 'security.password-length': 12, 'security.password-upper': true, 'security.password-history': 5 });
  expect(Object.keys(told as object)).not.toContain('security.lockout-attempts');
});

test('H15 sessions of 1800 s, five attempts and lockouts of 900 s can be had; what the standards ask is kept by default', async () => {
  expect(await valueOf('security.session-idle-seconds')).toBe(900);
  expect(await valueOf('security.lockout-attempts')).toBe(5);
  expect(await valueOf('security.lockout-seconds')).toBe(1800);
  const wishes = [
    ['security.session-idle-seconds', '1800', 'PCI DSS 8.2.8'],
    ['security.lockout-seconds', '900', 'PCI DSS 8.3.4'],
  ] as const;
  for (const [key, value, standard] of wishes) {
    expect(await bank.bursar('settings', 'edit', key, '--value', value, '--note', note, '--dry-run')).toContain(standard);
    expect((await change(key, value)).code).toBe(4);
    await agree(key);
    expect(await valueOf(key)).toBe(Number(value));
  }
  const username = await bank.value(`SELECT username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`);
  const attempt = () => bank.value(`SELECT verdict FROM bank.record_sign_in($1, '198.18.3.3', 'a browser', 'a laptop', false)`, [username]);
  for (let failure = 1; failure <= 4; failure++) expect(await attempt()).toBe('refused');
  expect(await attempt()).toBe('locked out');
  const until = await bank.value('SELECT extract(epoch FROM bank.locked_out_until($1) - clock_timestamp())::int', [username]);
  expect(Number(until)).toBeGreaterThan(880);
  expect(Number(until)).toBeLessThanOrEqual(900);

  expect((await change('security.lockout-attempts', '2')).code).toBe(2);
  expect((await change('security.lockout-attempts', 'five')).code).toBe(2);
  expect((await change('security.lockout-attempts', '5')).code).toBe(3);
});

test('settings are reverted to an older version; one that is no security is changed by one person', async () => {
  const key = 'email.support-address';
  await using console = await bank.screen('settings');
  await goTo(console, `settings key=${key}`);
  await console.press('x', 'e');
  await console.fill({ value: 'help@nordlicht.example', note });
  await console.confirm(key);
  await console.sees(`[ok] ${key} is help@nordlicht.example`);
  expect(await valueOf(key)).toBe('help@nordlicht.example');
  await bank.bursar('settings', 'revert', key, '--to', '0', '--note', 'nobody reads that address', '--yes', '--confirm', key);
  expect(await valueOf(key)).toBe('support@nordlicht.example');
  expect(await bank.trail('setting', await idOf(key))).toMatchObject([
    { action: 'settings.edit', old: { value: 'support@nordlicht.example' }, new: { value: 'help@nordlicht.example' } },
    { action: 'settings.revert', new: { revertedTo: 0 } },
  ]);
  const fixed = await change('platform.environment', 'test');
  expect(fixed).toMatchObject({ code: 3, stderr: expect.stringContaining('not changed at the console') as string });
  expect((await change('security.reset-link', 'http://elsewhere.example/{token}')).code).toBe(2);
});
