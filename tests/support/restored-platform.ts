import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { aCommandHome } from './command.ts';
import { writeProgram } from './maintained-host.ts';

/** A platform with a page that says whether it is well, a service whose stops and starts are written down, and a file of maintenance mode. */
export type RestoredPlatform = Disposable & {
  /** Part `platform` of `config.json`. */
  readonly profile: {
    readonly service: string;
    readonly health: string;
    readonly maintenanceFile: string;
    readonly healthPatienceSeconds: number;
  };
  /** A folder with its `systemctl`, for the PATH. */
  readonly programs: string;
  readonly isMaintained: () => boolean;
  /** `stop` and `start`, in their order, since it was last forgotten. */
  readonly recorded: () => readonly string[];
  readonly forget: () => void;
  /** Whether `systemctl start` does its work. */
  readonly mayStart: (may: boolean) => void;
};

/** What `isWell` answers is asked at each look at its page. */
export const aRestoredPlatform = async (isWell: () => boolean | Promise<boolean>, patience = 20): Promise<RestoredPlatform> => {
  const folder = aCommandHome();
  const [maintenanceFile, record, broken] = ['maintenance.json', 'recorded', 'broken'].map(name => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const page = createServer((_request, response) => {
    void (async () => {
      response.statusCode = (await isWell()) ? 200 : 500;
      response.end();
    })();
  }).listen(0, '127.0.0.1');
  await once(page, 'listening');
  const forget = (): void => writeFileSync(record, '');
  forget();
  writeProgram(
    folder,
    'systemctl',
    `echo "$1" >> '${record}'; [ "$1" != start ] || [ ! -e '${broken}' ] || { echo 'Unit bank is broken' >&2; exit 1; }`,
  );
  return {
    profile: {
      service: 'bank', maintenanceFile, healthPatienceSeconds: patience,
      health: `http://127.0.0.1:${(page.address() as AddressInfo).port}/health`,
    },
    programs: folder,
    isMaintained: () => existsSync(maintenanceFile),
    recorded: () => readFileSync(record, 'utf8').split('\n').filter(Boolean),
    forget,
    mayStart: may => (may ? rmSync(broken, { force: true }) : writeFileSync(broken, '')),
    [Symbol.dispose]: () => {
      page.close();
      page.closeAllConnections();
    },
  }; // prettier-ignore
};
