// `npm run keys`: docs/keys.md from the one key table, so that nobody writes it by hand.
import { writeFileSync } from 'node:fs';
import { cheatSheet } from './cheat-sheet/markdown.ts';

writeFileSync(new URL('../docs/keys.md', import.meta.url), cheatSheet());
