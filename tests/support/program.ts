import path from 'node:path';
import { isFresh } from '../../scripts/build/freshness.mjs';

const root = path.join(import.meta.dirname, '..', '..');

/** The program as tests start it in a process of its own: the built one, which starts in a quarter of the time; its sources where they were changed since. */
export const program = path.join(root, isFresh(root) ? 'out/main.js' : 'src/main.ts');
