import type { Measure } from './health.ts';

const database: readonly Measure[] = [
  {
    name: 'connections', group: 'database', title: 'Connections', unit: 'percent', warn: 70, bad: 90,
    means: 'client connections of all that the server takes; at the last one nobody gets in', helps: 'close consoles, or find who holds them; raise max_connections', behind: 'statements',
  },
  {
    name: 'lock-waits', group: 'database', title: 'Longest wait for a lock', unit: 'seconds', warn: 5, bad: 60,
    means: 'somebody waits for what somebody else has locked', helps: 'see who blocks whom, and end what blocks', behind: 'locks',
  },
  {
    name: 'longest-transaction', group: 'database', title: 'Longest transaction', unit: 'seconds', warn: 300, bad: 1_800,
    means: 'while it is open nothing that died since can be vacuumed', helps: 'see who has it open, and have them end it', behind: 'locks',
  },
  {
    name: 'slowest-statement', group: 'database', title: 'Slowest statement', unit: 'milliseconds', warn: 1_000, bad: 5_000,
    means: 'the mean of the statement that takes longest', helps: 'look at the slowest, and at what indexes they would need', behind: 'statements',
  },
  {
    name: 'cache-hits', group: 'database', title: 'Blocks found in memory', unit: 'percent', warn: 95, bad: 80, low: true,
    means: 'blocks that did not have to be read from disk', helps: 'more shared_buffers, or cleanup of what nobody reads', behind: 'tables',
  },
  {
    name: 'dead-rows', group: 'database', title: 'Dead rows, worst table', unit: 'percent', warn: 20, bad: 40,
    means: 'rows that are gone and still take room and time', helps: 'vacuum', behind: 'tables',
  },
  {
    name: 'unused-indexes', group: 'database', title: 'Unused indexes', unit: 'bytes', warn: 1_073_741_824,
    means: 'room of indexes that nobody reads by and every write pays for', helps: 'drop them in a migration, once every month end was counted', behind: 'indexes',
  },
  {
    name: 'broken-indexes', group: 'database', title: 'Invalid indexes', unit: 'count', warn: 1,
    means: 'an index whose building was broken off: it costs, and serves nobody', helps: 'REINDEX INDEX CONCURRENTLY, by a migration', behind: 'indexes',
  },
  {
    name: 'database-size', group: 'database', title: 'Size of the database', unit: 'bytes',
    means: 'all its tables and indexes', helps: 'cleanup, by its policies', behind: 'tables',
  },
  {
    name: 'capacity', group: 'database', title: 'Days until its disk is full', unit: 'days', warn: 60, bad: 14, low: true,
    means: 'free room on its disk by what it grows in a day, of up to thirty days', helps: 'cleanup, then vacuum; a larger disk', behind: 'tables',
  },
  {
    name: 'replication', group: 'database', title: 'Replicas behind', unit: 'seconds', warn: 30, bad: 300,
    means: 'how late the latest replica is', helps: 'look at its network and its disk',
  },
  {
    name: 'replication-slots', group: 'database', title: 'Kept for nobody', unit: 'bytes', warn: 1_073_741_824, bad: 10_737_418_240,
    means: 'log that a replication slot keeps although nobody reads it', helps: 'start its reader, or drop the slot',
  },
  {
    name: 'wraparound', group: 'database', title: 'Wraparound', unit: 'percent', warn: 40, bad: 75,
    means: 'numbers of transactions used up since the oldest freeze; at all of them the server stops', helps: 'vacuum freeze; find the transaction, slot or prepared one that holds it back', behind: 'tables',
  },
  {
    name: 'checkpoints', group: 'database', title: 'Checkpoints before their time', unit: 'percent', warn: 50,
    means: 'checkpoints that came because the log was full and not because they were due', helps: 'raise max_wal_size',
  },
]; // prettier-ignore

const records: readonly Measure[] = [
  {
    name: 'ledger', group: 'ledger', title: 'Balances are their postings', unit: 'hours', warn: 26, bad: 50,
    means: 'time since every balance was last found to be the sum of its postings', helps: 'run the job ledger; freeze what differs',
  },
  {
    name: 'orphans', group: 'ledger', title: 'Orphaned records', unit: 'count', warn: 1,
    means: 'records whose owner is gone', helps: 'list them, then cleanup by its policy',
  },
  {
    name: 'audit-chain', group: 'audit', title: 'Audit chain holds', unit: 'hours', warn: 26, bad: 50,
    means: 'time since the chain of the audit log was last verified', helps: 'run the job audit-verify; bursar audit verify names the row',
  },
  {
    name: 'audit-anchor', group: 'audit', title: 'Last anchor of the audit log', unit: 'hours', warn: 2, bad: 26,
    means: 'time since a console last noted the head of the log outside the database, where there was anything new', helps: 'open a console or bursar daemon; see the permissions of its home',
  },
  {
    name: 'backup', group: 'backup', title: 'Last backup', unit: 'hours', warn: 25, bad: 26,
    means: 'time since the newest verified backup was taken', helps: 'back up now', behind: 'backups',
  },
  {
    name: 'backup-size', group: 'backup', title: 'Last backup against the one before', unit: 'percent', warn: 80, bad: 50, low: true,
    means: 'a backup half as large as the one before lacks something', helps: 'look at its manifest before the old ones expire', behind: 'backups',
  },
  {
    name: 'drill', group: 'backup', title: 'Last restore drill', unit: 'days', warn: 32, bad: 62,
    means: 'a backup that nobody restored is a hope', helps: 'a drill restores the newest backup beside the bank, checks and drops it',
  },
]; // prettier-ignore

const hosts: readonly Measure[] = [
  { name: 'host-up', group: 'host', title: 'Answers', unit: 'milliseconds', warn: 3_000, means: 'key, sign-in and first command', helps: 'bursar hosts ask says what is wrong' },
  { name: 'host-disk', group: 'host', title: 'Disk used', unit: 'percent', warn: 80, bad: 90, means: 'of what ordinary accounts may use', helps: 'cleanup of temporary files, log rotation, then a larger disk' },
  { name: 'host-inodes', group: 'host', title: 'Inodes used', unit: 'percent', warn: 80, bad: 90, means: 'files that fit on the disk', helps: 'cleanup of temporary files' },
  { name: 'host-database-room', group: 'host', title: 'Free for the database', unit: 'bytes', warn: 10_737_418_240, bad: 2_147_483_648, low: true, means: 'free on the disk that holds the database', helps: 'cleanup, then vacuum; a larger disk' },
  { name: 'host-memory', group: 'host', title: 'Memory available', unit: 'percent', warn: 15, bad: 5, low: true, means: 'what programs can still have without swapping', helps: 'see what takes it; restart the service that grows' },
  { name: 'host-load', group: 'host', title: 'Load for each CPU', unit: 'load', warn: 2, means: 'programs that wait for a CPU or a disk, of fifteen minutes', helps: 'see what runs; slow statements; cleanup at another hour' },
  { name: 'host-network', group: 'host', title: 'Network traffic', unit: 'rate', means: 'octets in and out in a second, by the interface that leads out, while it was asked', helps: 'see what sends or receives; backups and exports at another hour' },
  { name: 'host-uptime', group: 'host', title: 'Up for', unit: 'seconds', means: 'time since it was started', helps: 'after a restart nobody asked for: its log' },
  { name: 'host-floor', group: 'host', title: 'Below the floor of the guide', unit: 'count', warn: 1, means: 'less than 2 CPUs, 4 GB of memory or 50 GB of disk', helps: 'a larger host' },
  { name: 'host-service', group: 'host', title: 'Service is active', unit: 'yes', bad: 1, low: true, means: 'whether systemd says that it is active', helps: 'look at its status and log; restart it' },
  { name: 'host-certificate', group: 'host', title: 'Certificate ends in', unit: 'days', warn: 30, bad: 7, low: true, means: 'days that the certificate still holds', helps: 'renew certificates' },
  { name: 'host-ports', group: 'host', title: 'Ports that nobody expects', unit: 'count', warn: 1, means: 'ports that listen to other hosts and are not in the profile', helps: 'find the program and end it, or name the port in the profile' },
  { name: 'host-listening', group: 'host', title: 'Ports that listen', unit: 'count', means: 'ports that other hosts can reach, before any firewall', helps: 'name the expected ones in the profile' },
  { name: 'host-firewall', group: 'host', title: 'Firewall', unit: 'yes', warn: 1, low: true, means: 'whether a firewall is set up, as far as our account can see', helps: 'allow 22, 80 and 443 only' },
  { name: 'host-updates', group: 'host', title: 'Security updates waiting', unit: 'count', warn: 1, bad: 50, means: 'of the package lists that the host has', helps: 'security update' },
]; // prettier-ignore

const platform: readonly Measure[] = [
  { name: 'platform-http', group: 'platform', title: 'Platform answers', unit: 'milliseconds', warn: 2_000, bad: 5_000, means: 'its address of health answers 200', helps: 'service status, its log, restart' },
  { name: 'platform-tls', group: 'platform', title: 'Speaks TLS below 1.2', unit: 'yes', bad: 1, means: 'whether it still speaks TLS 1.0 or 1.1', helps: 'ssl_protocols TLSv1.2 TLSv1.3 in its web server' },
  { name: 'platform-postgres', group: 'platform', title: 'Database answers its host', unit: 'milliseconds', warn: 1_000, bad: 5_000, means: 'sign-in and one question, on the host', helps: 'service status of the database' },
  { name: 'platform-valkey', group: 'platform', title: 'Valkey or Redis answers', unit: 'milliseconds', warn: 500, bad: 5_000, means: 'PING is answered with PONG', helps: 'service status, restart' },
  { name: 'platform-smtp', group: 'platform', title: 'Mail server greets', unit: 'milliseconds', warn: 2_000, bad: 5_000, means: 'its greeting is a 220', helps: 'service status; see the pane notices for what waits' },
]; // prettier-ignore

const work: readonly Measure[] = [
  { name: 'run-waits', group: 'host', title: 'Run or plan waits', unit: 'seconds', warn: 300, bad: 1_800, means: 'the longest that a queued run or a plan that is due has waited for somebody who may use hosts', helps: 'open a console of somebody with host.use and a key for its hosts, or a bursar daemon with the key of a machine', behind: 'runs' },
  { name: 'machine-key', group: 'host', title: 'Key of a machine ends in', unit: 'days', warn: 14, bad: 3, low: true, means: 'days that the key of the machine still stands that ends first; what is done while nobody has signed in stops with it', helps: 'on its host: bursar machines enrol NAME; then two people: bursar machines rotate NAME', behind: 'machines' },
]; // prettier-ignore

/** Everything that is measured, in the order in which equally grave ones stand. */
export const measures: readonly Measure[] = [...database, ...records, ...platform, ...hosts, ...work];

const byName = new Map(measures.map(measure => [measure.name, measure]));

const ranks = new Map(measures.map(({ name }, index) => [name, index]));

/** The place of a measure among equally grave ones, whatever its thresholds are set to. */
export const rankOf = ({ name }: Measure): number => ranks.get(name) ?? ranks.size;

/** A measure by its name, with its usual thresholds; undefined for one that another version of the program measured. */
export const measureNamed = (name: string): Measure | undefined => byName.get(name);
