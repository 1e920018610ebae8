// A console's life as far as the server is concerned: opens the home it is given, says so, leaves when told to.
import { once } from 'node:events';
import { openLocalServer } from '../../src/database/local-server.ts';

const [home = ''] = process.argv.slice(2);

const server = await openLocalServer({ home });
console.log(JSON.stringify({ startedHere: server.startedHere, url: server.url }));
process.stdin.resume();
await once(process.stdin, 'end');
await server.release();
