import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders of tests, those with the longest files first: what is begun last must be short, or one core waits for the other at the end. */
const kinds = ['e2e', 'guides', 'integration', 'screens', 'unit'];

const tests = path.join(import.meta.dirname, '../../tests');
const kindOf = ({ moduleId }: TestSpecification): number => kinds.indexOf(path.relative(tests, moduleId).split(path.sep)[0] ?? '');

/** Within a folder vitest's own order: by how long a file took the last time, or by its size where there was none. */
export class SlowKindsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => kindOf(one) - kindOf(other));
  }
}
