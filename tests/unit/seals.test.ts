import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginAnew, keyOf, lastAnchor, readAnchors, writeAnchor } from '../../src/commands/anchors.ts';
import { checkReviewFiles } from '../../src/commands/review-files.ts';
import { checkSealed, openSeal, writeSealed } from '../../src/commands/sealed-files.ts';
import { everyOther } from '../support/every-bit.ts';

let home = '';
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'bursar-seals-'));
});
const isAccepted = (text: string, key: Buffer): boolean => {
  try {
    return openSeal(text, key)?.isSigned === true;
  } catch {
    return false; // no JSON
  }
};
afterAll(() => rmSync(home, { recursive: true }));

test('not one bit of an anchor, nor of the line where a history begins anew, can be another one', async () => {
  const file = path.join(home, 'anchors.jsonl');
  await writeAnchor(home, 'a bank', { seq: 7n, hash: 'abcd' });
  await beginAnew(home, 'a bank', 'restored');
  await writeAnchor(home, 'a bank', { seq: 8n, hash: 'ef01' });
  const written = readFileSync(file);
  expect(await readAnchors(home, 'a bank')).toMatchObject({ anchors: [{ seq: 8n, hash: 'ef01' }], forged: [] });

  const lines = written.toString().trimEnd().split('\n');
  const others = lines.flatMap(line => [...everyOther(Buffer.from(line))]);
  writeFileSync(file, Buffer.concat(others.flatMap(other => [other, Buffer.from('\n')])));
  const { anchors, forged } = await readAnchors(home, 'a bank');
  expect(anchors).toEqual([]);
  // a turned bit may make two lines of one, and neither is ours
  expect(forged.length).toBeGreaterThanOrEqual(others.length);
  expect(await lastAnchor(home, 'a bank')).toBeUndefined();
});

test.each(['access review', 'incident review', 'incident evidence'] as const)(
  'not one bit of the seal of an %s can be another one, nor of what it seals',
  async kind => {
    const sealed = { kind, number: 3n, database: 'a bank', folder: 'reviews', seal: 'r.sig', files: [['r.json', '{}']] as const };
    const [report = '', seal = ''] = await writeSealed(home, sealed);
    const problemsOf = async (): Promise<readonly string[]> => (await checkSealed(home, report)).problems;
    expect(await problemsOf()).toEqual([]);
    const [key, right] = [await keyOf(home), readFileSync(seal)];
    const accepted = [...everyOther(right)].map(String).filter(other => isAccepted(other, key));
    expect(accepted).toEqual([]);
    // as it is read from the disk: the seal and what it seals
    writeFileSync(
      seal,
      String(right).replace(/"signature": "(\w+)"/, (_all, hex: string) => `"signature": "${hex.toUpperCase()}"`),
    );
    expect(await problemsOf()).toEqual(['r.sig is missing or is no seal']);
    writeFileSync(seal, right);
    for (const other of everyOther(Buffer.from('{}'))) {
      writeFileSync(report, other);
      expect(await problemsOf()).toEqual(['r.json is not what was signed']);
    }
  },
);

test('a seal of the first ones, which had one kind, is still one', async () => {
  const files = [['old.json', '{}\n']] as const;
  const [report = '', seal = ''] = await writeSealed(home, { kind: 'access review', number: 3n, database: 'a bank', folder: 'reviews', seal: 'old.sig', files }); // prettier-ignore
  const { kind: _kind, number, ...rest } = JSON.parse(readFileSync(seal, 'utf8')) as Record<string, unknown>;
  writeFileSync(seal, `${JSON.stringify({ review: number, ...rest }, null, 2)}\n`);
  expect(await checkReviewFiles(home, report)).toMatchObject({ kind: 'access review', review: 3n, problems: [] });
});
