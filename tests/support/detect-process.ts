// A console that does nothing but detect, as a process that a test can end in the middle: URL, token. Says a word for every run that it finished.
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../src/database/client.ts';
import { detect } from '../../src/detection/run.ts';
import { watchOf } from '../../src/kit/watch.ts';
import { everyDeposit } from './every-deposit.ts';

const [url = '', token = ''] = process.argv.slice(2);
const watch = watchOf(openDatabase({ url, applicationName: `bursar ${process.pid} detects` }), token);
for (;;) {
  const detected = await detect(watch, [everyDeposit]);
  process.stdout.write(detected ? 'run\n' : 'busy\n');
  await pause(5);
}
