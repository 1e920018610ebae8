import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NoticeParameters, NoticeTemplate } from '../../src/domain/notice-parameters.ts';
import { needsSecret, noticeTemplates, renderNotice, withSecret } from '../../src/domain/notice.ts';

/** What a terminal or a mail program obeys, hides or reorders; the line ends of a body are ours. */
const harmful = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;
const instant = new Date('2026-11-21T07:05:31Z');

/** The parameters of every template, each text of them the given one. */
const parametersWith = (text: string): NoticeParameters => {
  const staff = { environment: text, at: instant };
  const customer = { name: text, account: text, at: instant };
  return {
    'password-reset': { name: text, expires: instant },
    'account-frozen': customer,
    'account-unfrozen': customer,
    'account-closed': customer,
    'address-changed': { name: text, what: text, at: instant },
    'approval-waiting': { ...staff, action: text, target: text, requester: text, expires: instant },
    'developer-role': { ...staff, operator: text, grantedBy: text, incident: text, expires: instant },
    'break-glass': { ...staff, operator: text, action: text, target: text, incident: text, ratifyBy: instant },
    invite: { role: text, uses: 3, expires: instant },
    enrolment: { environment: text, name: text, expires: instant },
    'operator-created': { ...staff, operator: text, roles: [text, text], createdBy: text },
    'role-changed': { name: text, before: text, after: text, at: instant },
    'alert-hold': { ...staff, alert: text, account: text, score: 80, rules: text },
    'review-escalated': { ...staff, operator: text, about: text, record: text, note: text },
    'health-alarm': { ...staff, state: 'wrong', what: text, where: text, found: text, helps: text, command: text },
    'incident-update': { at: instant, message: [text], staff: { environment: text, incident: text } },
  };
};
const rendered = (template: NoticeTemplate, text: string) => renderNotice(template, parametersWith(text)[template]);

/** Our own words: what no parameter may change. Facts are indented and labelled, the placeholder is neither. */
const ownWords = (body: string): string[] => body.split('\n').filter(line => !/^ {2}[A-Z][a-z -]+: /.test(line));
const labels = (body: string): string[] => body.split('\n').flatMap(line => /^ {2}[A-Z][a-z -]+: +/.exec(line)?.[0] ?? []);

const secretTemplates = ['password-reset', 'invite', 'enrolment'];
const secret = 'https://bank.example/reset/8fJ2-kQ$&x?a=b';

const attacks = [
  '\r\nBcc: all@bank.example', '\n', '\r', '\u001b]0;x\u0007', '\u202e', '\u2028', '\u0000', '{secret}', '\n  {secret}\n', '"', '" \n  At: "now"', '[ok] frozen',
  '$&', '\ud800', '王', 'é', '\u200b', '%s', '.', '\n.\n', '=?utf-8?q?x?=',
]; // prettier-ignore
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...attacks), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
  .map(parts => parts.join(''));

describe('notices', () => {
  test('read as a person would write them', () => {
    expect(rendered('account-frozen', '447100930012')).toEqual({
      subject: 'Your account ...0012 is frozen',
      body: `Your account is frozen. Deposits, withdrawals and transfers are refused until it is released; your balance stays on it.

  For:     "447100930012"
  Account: "...0012"
  Since:   2026-11-21 07:05 UTC

For questions, speak to your bank on a number that you already know.

Written by a machine; nobody reads answers. Nobody who works here ever asks for your password or a code.
`,
    });
    expect(rendered('password-reset', 'Ada Byron')).toMatchSnapshot('password-reset');
    expect(rendered('approval-waiting', 'mary')).toMatchSnapshot('approval-waiting');
    expect(rendered('break-glass', 'mary')).toMatchSnapshot('break-glass');
  });

  test('a customer called "[ok] frozen" deceives nobody, nor does one of look-alike letters', () => {
    expect(rendered('role-changed', '[ok] frozen').body).toContain('Role now:    "[ok] frozen"');
    expect(rendered('approval-waiting', '" by "admin').subject).toBe(`Approval waiting: "' by 'admin", asked for by "' by 'admin"`);
    expect(rendered('developer-role', 'аdmin').subject).toBe('Developer role in use by "?аdmin"');
    expect(rendered('developer-role', 'аdmin').body).toContain('Operator:    "?аdmin"');
  });

  test('5,000 hostile texts in every template: no line end, escape or bidi sign, no changed word of ours, no line over 998 octets', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...noticeTemplates), fc.integer({ min: 1, max: 80 }), (text, template, times) => {
        const { subject, body } = rendered(template, text.repeat(times));
        expect(body).not.toMatch(harmful);
        expect(subject).not.toMatch(harmful);
        expect(subject).not.toContain('\n');
        expect(Buffer.byteLength(`Subject: ${subject}`)).toBeLessThanOrEqual(998);
        for (const line of body.split('\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
        const plain = rendered(template, 'plain');
        expect(ownWords(body)).toEqual(ownWords(plain.body));
        expect(labels(body)).toEqual(labels(plain.body));
        expect(needsSecret(body)).toBe(secretTemplates.includes(template));
      }),
      { seed: 20_261_121, numRuns: 5_000 },
    );
  });

  test('the secret stands in its own line at delivery and nowhere else', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom('password-reset', 'invite'), (text, template) => {
        const { subject, body } = rendered(template, text);
        const full = withSecret(body, secret);
        expect(`${subject}${body}`).not.toContain(secret);
        expect(full.split('\n').filter(line => line === `  ${secret}`)).toHaveLength(1);
        expect(full.split(secret)).toHaveLength(2);
      }),
      { seed: 20_261_121 },
    );
  });

  test('a secret that is none is refused without being repeated', () => {
    const { body } = rendered('invite', 'x');
    for (const bad of ['', 'two words', 'line\r\nBcc: x@y', 'é', 'x'.repeat(901)]) {
      expect(() => withSecret(body, bad)).toThrow(/^this is neither a link nor a code$/);
    }
    expect(() => withSecret(rendered('account-closed', 'x').body, 'code-1234')).toThrow(/^this notice takes no secret$/);
  });
});
