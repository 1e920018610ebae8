import { expect, test } from 'vitest';
import { asMarkdown } from '../../src/commands/security-report.ts';

const report = {
  days: 7, since: '2026-11-14T00:00:00Z', until: '2026-11-21T00:00:00Z', demo: false, thresholds: { 'security.log': true, 'security.log-level': 'warning' },
  kinds: [], open: [], addresses: [], operators: [], failuresPerHour: Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 7 : 0)),
  usernames: [{ name: 'a|b\u001b[31m\nc', failures: 4, last: '2026-11-20T03:00:00Z' }],
}; // prettier-ignore

test('a report draws no column and no line by what somebody typed as a name, and says where nothing was', () => {
  const lines = asMarkdown(report).split('\n');
  const row = lines.find(line => line.includes('a\\|b'));
  expect(row).toMatch(/\| 4 \| 2026-11-20T03:00:00Z \|$/);
  expect(row).not.toContain('\u001b');
  expect(lines.slice(lines.indexOf('## Events'), lines.indexOf('## Events') + 3)).toEqual(['## Events', '', 'None.']);
  expect(lines).toContain('| security.log | yes |');
  expect(asMarkdown(report)).toContain('7 in all, at most 7 in an hour');
});
