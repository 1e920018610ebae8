import { expect, test } from 'vitest';
import { HostPort } from '../../src/domain/remote-host.ts';
import { editPolicy } from '../../src/resources/policies/edit.ts';
import { cleanupEstimate } from '../../src/runbooks/cleanup.ts';
import { searchLog } from '../../src/runbooks/search-log.ts';

test.each([
  ['port of a host', HostPort, 'is a number from 1 to 65535'],
  ['days of a policy', editPolicy.input.shape.days, 'is a number of days from 1 to 3650'],
  ['days of an estimate', cleanupEstimate.input.shape.days, 'is a number of days from 1 to 3650'],
  ['lines of a search', searchLog.input.shape.last, 'is a number of lines from 1 to 2000'],
])('a number that cannot be is refused in plain words: %s', (_, schema, words) => {
  for (const typed of ['2241339', '-1', '1.5', 'many'])
    expect(schema.safeParse(typed).error?.issues.map(({ message }) => message)).toContain(words);
});
