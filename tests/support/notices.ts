import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OutgoingNotice } from '../../src/notices/channel.ts';
import type { SecretSource } from '../../src/notices/secret-source.ts';

/** What no error, detail or log may hold. */
export const link = 'https://bank.example/reset/8fJ2kQx91LmZ';

export const aNotice = (changes: Partial<OutgoingNotice> = {}): OutgoingNotice => ({
  id: '0198c2aa-7d53-7000-8000-00000000002a',
  channel: 'email',
  to: 'ada@mail.example',
  subject: 'Your account ...0012 is frozen',
  body: 'Your account is frozen.\n',
  template: 'account-frozen',
  createdAt: new Date('2026-11-21T07:05:31Z'),
  confidential: false,
  ...changes,
});

/** A notice that carries a link which is worth money. */
export const aResetNotice = (changes: Partial<OutgoingNotice> = {}): OutgoingNotice =>
  aNotice({
    template: 'password-reset',
    subject: 'Choose a new password',
    body: `Open this:\n\n  ${link}\n`,
    confidential: true,
    ...changes,
  });

export const aSecret = (fromEnvironment?: string, file?: string): SecretSource => ({
  file,
  variable: 'BURSAR_TEST_SECRET',
  fromEnvironment,
});

/** A folder that vanishes with the test. */
export const aFolder = () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-notices-'));
  return {
    path: folder,
    write: (name: string, content: string, mode = 0o600): string => {
      const file = path.join(folder, name);
      writeFileSync(file, content, { mode });
      return file;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
};
