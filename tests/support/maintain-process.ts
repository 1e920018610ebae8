// A work of `bursar maintain` as a process that a test can kill in the middle: URL, home, name, input, profile and settings of backups as JSON. Prints its result.
import { maintained } from './maintained.ts';

const [url = '', home = '', name = '', input = '{}', platform = '{}', backup = '{}'] = process.argv.slice(2);
const result = await maintained(url, { home, platform: JSON.parse(platform) as object, backup: JSON.parse(backup) as object }).maintain(
  name,
  JSON.parse(input) as Record<string, unknown>,
);
process.stdout.write(`${JSON.stringify(result)}\n`);
