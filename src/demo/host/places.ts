import path from 'node:path';

/** The account that the demo's host lets in; what runs there runs as whoever started the console. */
export const demoUser = 'demo';
/** How the demo's host is called in the inventory. */
export const demoHostName = 'demo1';
/** The one service that runs there. */
export const demoService = 'bank';

/** Where the demo's host keeps its things: all of it lies in one folder of the home. */
export const placesOf = (home: string) => {
  const folder = path.join(home, 'demo-host');
  const at = (...names: readonly string[]): string => path.join(folder, ...names);
  return {
    folder,
    /** What consoles sign in with. */
    keyFile: at('key'),
    hostKeyFile: at('host-key'),
    portsFile: at('ports.json'),
    /** The configuration of `bursar` on the host; the one in the home is its user's. */
    configFile: at('config.json'),
    programs: at('bin'),
    unit: at('units', demoService),
    pidFile: at('run', `${demoService}.pid`),
    readyFile: at('run', `${demoService}.ready`),
    /** There where somebody stopped the service: then no console starts it. */
    stoppedFile: at('run', `${demoService}.stopped`),
    logFile: at('log', `${demoService}.log`),
    maintenanceFile: at('maintenance.json'),
    staffKeyFile: at('staff-key'),
    backupKeyFile: at('backup-key'),
    backups: at('backups'),
    copies: at('copies'),
    media: at('bank', 'media'),
    settings: at('bank', 'etc'),
    certificate: at('bank', 'etc', 'bank.crt'),
    temporary: at('bank', 'tmp'),
    rotations: at('bank', 'logrotate.d'),
  } as const;
};
export type Places = ReturnType<typeof placesOf>;

/** The ports of the demo's host on loopback: chosen once. */
export type DemoPorts = { readonly ssh: number; readonly bank: number };
