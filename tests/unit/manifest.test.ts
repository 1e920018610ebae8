import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { manifestFile, readManifest, signManifest } from '../../src/maintenance/manifest.ts';
import { everyOther } from '../support/every-bit.ts';

test('not one bit of a signed manifest can be another one, nor anything be added or cut off', async () => {
  const key = Buffer.alloc(32, 7);
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-manifest-'));
  /** What is said of a manifest: this one is vouched for, and only then looked at. */
  const said = async (octets: Buffer): Promise<string> => {
    writeFileSync(path.join(folder, manifestFile), octets);
    return readManifest(folder, key).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  };
  const right = Buffer.from(signManifest({ name: 'a backup of no version' }, key));
  expect(await said(right)).toBe('the manifest is of another version of Bursar');
  const refusals: string[] = [];
  for (const wrong of everyOther(right)) refusals.push(await said(wrong));
  for (const other of [
    right.subarray(0, -1),
    Buffer.concat([right, Buffer.from('\n')]),
    Buffer.from(`${right.toString().trimEnd()} more\n`),
  ])
    refusals.push(await said(other));
  rmSync(folder, { recursive: true });
  const why = /^the manifest (?:is cut off or is none of ours|was signed with another key|was changed after it was signed)/;
  expect(refusals.filter(refusal => !why.test(refusal))).toEqual([]);
});
