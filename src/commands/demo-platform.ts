import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { addressOfRunning } from '../database/local-server.ts';
import { asRole } from '../database/role-url.ts';
import { readPorts } from '../demo/host/keys.ts';
import { placesOf } from '../demo/host/places.ts';
import { runPlatform } from '../demo/host/platform.ts';
import { conflict, invalid } from '../domain/outcome.ts';
import type { Command } from './command.ts';
import { withConnection } from './with-database.ts';

/** Asks as the platform does, with its login; a server that was stopped is not started: whoever uses the demo starts it. */
const askDatabase = async (home: string): Promise<void> => {
  const address = await addressOfRunning(home);
  if (address === undefined) throw new Error('its server does not run');
  await withConnection(asRole(address, 'bursar_platform'), { name: 'demo platform', readOnly: true }, async connection => {
    await connection.query("SET statement_timeout = '3s'");
    await connection.query('SELECT FROM platform.demo_marker');
  });
};

/** `bursar demo platform`: the service that the demo's host starts. */
export const demoPlatformCommand: Command = {
  name: 'demo platform',
  summary: "the HTTP service beside the demo's database, as its host starts it, until SIGTERM",
  flags: [],
  run: async ({ words }, { config, streams, signal }) => {
    const places = placesOf(config.home);
    const ports = readPorts(places);
    if (words.length > 0) return refuse(streams, false, invalid('demo platform takes no words'));
    if (config.databaseUrl !== undefined || !ports) {
      return refuse(
        streams,
        false,
        conflict('there is no host of a demo here', 'start "bursar" once without DATABASE_URL: the demo has one'),
      );
    }
    await runPlatform({ places, port: ports.bank, signal, askDatabase: () => askDatabase(config.home) });
    return exitCode.done;
  },
};
