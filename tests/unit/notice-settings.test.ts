import { describe, expect, test } from 'vitest';
import { noticeChannels } from '../../src/domain/notice.ts';
import { isLoopback, isMailAddress, NoticeSettings } from '../../src/domain/notice-settings.ts';
import { channelsFrom } from '../../src/notices/channel-settings.ts';
import { attemptsOf, nextAttempt } from '../../src/notices/retry-plan.ts';

const accepts = (settings: unknown): boolean => NoticeSettings.safeParse(settings).success;
const from = 'bank@mail.example';

describe('settings of the channels', () => {
  test('each channel that is set up is there, and none without settings', () => {
    const all = NoticeSettings.parse({
      smtp: { url: 'smtp://bursar@mail.example:587', from, passwordFile: '/etc/bursar/smtp' },
      webhook: { url: 'https://hooks.example/bursar' },
      command: { program: '/usr/local/bin/tell' },
    });
    expect([...channelsFrom(all, {}).keys()]).toEqual([...noticeChannels]);
    expect(channelsFrom(NoticeSettings.parse({}), {}).size).toBe(0);
  });

  test('no password in an address, no plain http but to this machine, no program by its name alone', () => {
    expect(accepts({ smtp: { url: 'smtps://mail.example', from } })).toBe(true);
    expect(accepts({ smtp: { url: 'smtps://me:secret@mail.example', from } })).toBe(false);
    expect(accepts({ smtp: { url: 'http://mail.example', from } })).toBe(false);
    expect(accepts({ smtp: { url: 'smtp://mail.example?requireTLS=false', from } })).toBe(false);
    expect(accepts({ smtp: { url: 'smtps://mail.example', from: 'a@b.example, c@d.example' } })).toBe(false);
    expect(accepts({ webhook: { url: 'http://127.0.0.1:8080/x' } })).toBe(true);
    expect(accepts({ webhook: { url: 'http://hooks.example/x' } })).toBe(false);
    expect(accepts({ webhook: { url: 'https://me:secret@hooks.example/x' } })).toBe(false);
    expect(accepts({ webhook: { url: 'file:///etc/passwd' } })).toBe(false);
    expect(accepts({ command: { program: 'tell' } })).toBe(false);
    expect(accepts({ comand: { program: '/bin/tell' } })).toBe(false);
    const told = NoticeSettings.safeParse({ smtp: { url: 'smtps://me:hunter2@mail.example', from } });
    expect(JSON.stringify(told.error?.issues)).not.toContain('hunter2');
  });

  test('one mail address is one mail address', () => {
    for (const good of ['ada@mail.example', 'a.b+c@mail.example', 'жанна@mail.example']) expect(isMailAddress(good)).toBe(true);
    const bad = [
      '',
      'ada',
      'a@b@c',
      'a@b.example,c@d.example',
      'Ada <a@b.example>',
      'a@b.example\r\nBcc: x@y.example',
      'a b@c.example',
      `${'a'.repeat(65)}@b.example`,
    ];
    for (const address of bad) expect(isMailAddress(address)).toBe(false);
  });

  test('loopback is this machine only', () => {
    for (const own of ['localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]']) expect(isLoopback(own)).toBe(true);
    for (const other of ['0.0.0.0', '127.example', '127.0.0.1.example', 'localhost.example', '10.0.0.1'])
      expect(isLoopback(other)).toBe(false);
  });
});

describe('the plan of retries', () => {
  const now = new Date('2026-11-21T07:00:00Z');
  const seconds = (channel: 'email' | 'webhook' | 'command', random: number) =>
    Array.from({ length: attemptsOf(channel) }, (_, index) => nextAttempt(channel, index + 1, now, random)).map(
      at => at && (at.getTime() - now.getTime()) / 1000,
    );

  test('mail 8 times within about two hours, webhook first and three more, command three times', () => {
    expect(seconds('email', 0.5)).toEqual([60, 120, 240, 480, 960, 1920, 3600, undefined]);
    expect(seconds('webhook', 0.5)).toEqual([10, 60, 300, undefined]);
    expect(seconds('command', 0.5)).toEqual([10, 60, undefined]);
  });

  test('retries are spread by a fifth to either side', () => {
    expect(seconds('webhook', 0)).toEqual([8, 48, 240, undefined]);
    expect(seconds('webhook', 1)).toEqual([12, 72, 360, undefined]);
  });
});
