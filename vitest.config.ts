import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { inkTable, prismaRuntime } from './scripts/build/packages.ts';
import { SlowKindsFirst } from './scripts/test/order.ts';

export default defineConfig({
  plugins: [
    {
      // the same changes that the bundle makes, so that tests see these packages as the program does
      name: 'changed-packages',
      enforce: 'pre',
      load: id => {
        const changed = [inkTable, prismaRuntime].find(({ file }) => file.test(id));
        // nobody follows an error into them: their maps of sources would take seconds to read
        return (
          changed && {
            code: changed.change(readFileSync(id, 'utf8'), id).replace(/^\/\/# sourceMappingURL=.*$/m, ''),
            map: { mappings: '' },
          }
        );
      },
    },
  ],
  test: {
    include: ['tests/{unit,screens,integration,guides,e2e}/**/*.test.{ts,tsx}'],
    server: { deps: { inline: ['ink-table', prismaRuntime.file] } },
    // one folder of servers for the whole run
    globalSetup: 'tests/support/cluster.ts',
    pool: 'forks',
    // more than there are cores: many tests wait for servers, hosts and terminals
    maxWorkers: 3,
    // few processes do all files: Ink, React, Prisma and the program are read once in each, not once a file. No module of the program keeps state, and vitest takes mocks back
    isolate: false,
    sequence: { sequencer: SlowKindsFirst },
    // a test waits for text or rows; these only end what would never come, on a machine that may be five times as slow as it is alone
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
