import type { Reading } from '../../src/domain/health.ts';
import { aMinuteLater } from './full-disk.ts';
import { aNoticeBank, type NoticeBank } from './notice-bank.ts';

type Told = { readonly subject: string; readonly recipient: string; readonly channel: string; readonly body: string; readonly at: Date };

export type AlarmBank = NoticeBank & {
  /** A measuring of a host of the inventory, `db1`. */
  readonly reads: (...readings: readonly Reading[]) => Promise<void>;
  /** A measuring of the database by a console, a minute after the last one. */
  readonly samples: (times?: number) => Promise<void>;
  /** The end of such a measuring: the look that tells alarms. All of it takes twenty times as long. */
  readonly looks: (times?: number) => Promise<void>;
  /** A measuring of the host and a look, so many times. */
  readonly measures: (reading: Reading, times?: number) => Promise<void>;
  /** What was told of a record, one for each recipient. */
  readonly told: (entity: string, id: string) => Promise<readonly Told[]>;
  /** Its subjects, as one recipient has them. */
  readonly subjects: (entity: string, id: string) => Promise<readonly string[]>;
  /** An hour passes for what was told. */
  readonly anHourLater: () => Promise<void>;
};

/** A bank with a host, whose health is measured as a test wants it; its operators who may start runbooks are one@, two and maker@. */
export const anAlarmBank = async (): Promise<AlarmBank> => {
  const notices = await aNoticeBank();
  const { bank } = notices;
  await bank.behindItsBack(
    `INSERT INTO ops.host (name, address, port, username, fingerprint, environment, pinned_by, added_by) VALUES ('db1', 'db1.example', 22, 'bank', 'SHA256:' || repeat('a', 43), 'test', $1, $1)`,
    [bank.one.id],
  );
  const reads = async (...readings: readonly Reading[]): Promise<void> => {
    await bank.rows(`SELECT ops.keep_readings(h.id, $1) FROM ops.host h WHERE h.name = 'db1'`, [JSON.stringify(readings)]);
  };
  const samples = async (times = 1): Promise<void> => {
    for (let time = 0; time < times; time++) {
      await bank.behindItsBack(aMinuteLater);
      await bank.rows('SELECT ops.sample_health($1)', [bank.one.token]);
    }
  };
  const looks = async (times = 1): Promise<void> => {
    for (let time = 0; time < times; time++) await bank.rows('SELECT ops.raise_alarms(ops.scheduling_session($1))', [bank.one.token]);
  };
  const told = (entity: string, id: string): Promise<readonly Told[]> =>
    bank.rows<Told>(
      `SELECT subject, recipient, channel, body, created_at AS at FROM ops.notice WHERE template = 'health-alarm' AND about_entity = $1 AND about_id = $2 ORDER BY number`,
      [entity, id],
    );
  return {
    ...notices,
    reads,
    samples,
    looks,
    told,
    measures: async (reading, times = 1) => {
      for (let time = 0; time < times; time++) {
        await reads(reading);
        await looks();
      }
    },
    subjects: async (entity, id) =>
      (await told(entity, id)).filter(({ recipient }) => recipient === 'one@bank.example').map(({ subject }) => subject),
    anHourLater: () => bank.behindItsBack(`UPDATE ops.alarm SET told_at = told_at - interval '61 minutes'`),
  };
};
