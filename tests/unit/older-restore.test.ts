import { expect, test } from 'vitest';
import type { Direct } from '../../src/database/direct.ts';
import { backOrOffer } from '../../src/maintenance/restore/go-back.ts';
import { openJournal } from '../../src/maintenance/restore/journal.ts';
import { aCommandHome } from '../support/command.ts';
import { aWorkContext } from '../support/work-context.ts';

test('a restore that an older version opened is not taken back by itself: it says why, and both commands that lead on', async () => {
  const home = aCommandHome();
  const names = { database: 'bank', scratch: 'bank_restore_1', old: 'bank_old_20261121020000' };
  const journal = await openJournal(home, 'run-1');
  await journal.note('lock', 'begun', { known: names });
  // nothing is asked of a server where nobody noted how the database stood
  const restoring = { journal, names, server: undefined as unknown as Direct, url: '', context: aWorkContext({ home, url: '' }) };
  const words = await backOrOffer(restoring, 'it answers 500').catch((error: Error) => error.message);
  expect(words).toBe(
    'the platform is not well (it answers 500), and nobody can tell whether something was written into the restored database, since an older version of this program ' +
      'opened it: it is not taken back by itself (run run-1); the restored database is in place and maintenance mode stays on. Once that is mended: ' +
      'bursar maintain restore-resume --run run-1; the way back to the one before, with an approval of its own: bursar backups restore-back --database bank --old bank_old_20261121020000',
  );
  // a run tells so much of a refusal
  expect(words.length).toBeLessThan(600);
});
