import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Octets that this process holds on to. What nobody needs any more is collected first: how much of that lies about depends on everything else that a process of tests has done. */
export const heldMemory = (): number => {
  // what the first finds to be free is given back by the second
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
