import type { ClientConfig } from 'pg';

/** Settings of a connection that waits for its server as long as that takes: a hundred sessions begun at once take a busy machine longer than a console waits. */
export const patient = (settings: ClientConfig): ClientConfig => ({ ...settings, connectionTimeoutMillis: 60_000 });
