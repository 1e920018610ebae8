import { expect } from 'vitest';
import { goTo, type GuideBank } from './guide-bank.ts';

export const note = 'asked for by the head of department';

type Person = { readonly id: string; readonly username: string };

/** The number of the request that a command left for somebody else. */
export const numberOf = (answer: { readonly stderr: string }): string => /request (\d+)/.exec(answer.stderr)?.[1] ?? '';

/** What the guides do with roles: look them up, give them, and ask the database what somebody may then. */
export const roleGuide = (bank: GuideBank) => {
  let taken = 0;
  /** Active customers who hold nothing yet, the youngest first; each is given once. */
  const users = async (count: number): Promise<readonly Person[]> => {
    const rows = await bank.rows(
      `SELECT id, username FROM bank."user" u WHERE status = 'active' AND role = 'customer' AND NOT EXISTS (SELECT FROM platform.role_grant g WHERE g.user_id = u.id AND g.granted_at < now() - interval '1 day')
        ORDER BY id DESC OFFSET $1 LIMIT $2`,
      [taken, count],
    );
    taken += count;
    return rows.map(row => ({ id: String(row['id']), username: String(row['username']) }));
  };
  const user = async (): Promise<Person> => (await users(1))[0] ?? { id: '', username: '' };
  const may = async (userId: string, tenant = ''): Promise<readonly string[]> =>
    (await bank.rows('SELECT codename FROM platform.effective_permissions($1, $2) ORDER BY 1', [userId, tenant])).map(row =>
      String(row['codename']),
    );
  const mayNot = async (userId: string, codename: string, tenant = ''): Promise<boolean> =>
    (await bank.value('SELECT platform.has_permission($1, $2, $3)', [userId, codename, tenant])) === 'false';
  /** Grants alone where one person may, and with a manager where it takes two. */
  const grantByCommand = async (username: string, role: string, ...more: string[]): Promise<void> => {
    const answer = await bank.tries('users', 'grant-role', username, '--role', role, '--note', note, '--yes', ...more);
    if (answer.code !== 4) expect(answer).toMatchObject({ code: 0 });
    else
      await bank.bursar('--as', 'manager', 'inbox', 'approve', numberOf(answer), '--note', 'agreed with the head of department', '--yes');
  };
  return {
    users,
    user,
    may,
    mayNot,
    grantByCommand,
    /** All permissions of a platform. */
    all: async (profile: string): Promise<readonly string[]> =>
      (await bank.rows('SELECT codename FROM platform.permission WHERE codename LIKE $1 ORDER BY 1', [`${profile}.%`])).map(row =>
        String(row['codename']),
      ),
    /** Looks a role up on screen and by command and gives it to somebody; returns which of all permissions they have then, in order. */
    given: async (slug: string, name: string, tenant = ''): Promise<readonly string[]> => {
      await using console = await bank.screen('roles');
      await goTo(console, `roles slug=${slug}`);
      await console.sees('1 of 1', slug, name, 'Permissions (');
      const { id, username } = await user();
      await grantByCommand(username, slug, ...(tenant === '' ? [] : ['--tenant', tenant]));
      const held = await bank.rows(
        'SELECT codename FROM platform.permission WHERE platform.has_permission($1, codename, $2) ORDER BY codename',
        [id, tenant],
      );
      const shown = await bank.bursar('roles', 'show', slug);
      expect(shown).toContain(`Permissions (${held.length})`);
      for (const { codename } of held) expect(shown).toContain(String(codename).split('.')[1]);
      return held.map(({ codename }) => String(codename));
    },
  };
};
