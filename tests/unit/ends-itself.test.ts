import { expect, test } from 'vitest';
import { endsItself } from '../../src/domain/ending-itself.ts';
import { works } from '../../src/maintenance/registry.ts';
import { restoreFiles } from '../../src/runbooks/backups.ts';
import { drill, dropOldDatabase, restore, restoreBack } from '../../src/runbooks/restore.ts';

test('a work that undoes or finishes what it began is started by runs as one that nobody kills', () => {
  const input = { host: 'db1', database: 'bank', backup: '20261121T020000Z-one', old: 'bank_old_20261121020000', note: 'because' };
  const steps = [restore, restoreBack, dropOldDatabase, drill, restoreFiles].flatMap(runbook =>
    runbook.steps({ name: 'db1' } as never, input as never),
  );
  expect(steps).toHaveLength(10);
  for (const { title, words } of steps) {
    const name = words[words.indexOf('maintain') + 1];
    expect([title, works.find(work => work.name === name)?.endsItself, endsItself(words)]).toEqual([title, true, true]);
  }
});
