import { z } from 'zod';
import { wholeNumber } from '../domain/whole-number.ts';
import { sizeWords } from './cleanup/estimate.ts';
import { withOwner } from './cleanup/store.ts';
import { defineWork } from './define-work.ts';

type Index = { readonly index: string; readonly table: string; readonly bytes: number; readonly scans: number };

/** Those that keep a rule (unique, primary, exclusion) do their work without ever being scanned. */
const unused = `
  SELECT format('%I.%I', s.schemaname, s.indexrelname) AS index, format('%I.%I', s.schemaname, s.relname) AS table, pg_relation_size(s.indexrelid)::float8 AS bytes, s.idx_scan::float8 AS scans
    FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
   WHERE s.idx_scan <= $1 AND NOT i.indisunique AND NOT i.indisexclusion AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = s.indexrelid)
   ORDER BY pg_relation_size(s.indexrelid) DESC, 1`;

export const unusedIndexes = defineWork({
  name: 'unused-indexes',
  summary: 'lists indexes that no query has used since counting began; changes nothing',
  input: z.object({ scans: wholeNumber(0, 1_000).default(0).meta({ title: 'Used so often at most' }) }),
  run: ({ scans }, context) =>
    withOwner(context, async db => {
      const { rows } = await db.query<Index>(unused, [scans]);
      const { rows: counting } = await db.query<{ days: number | null }>(
        `SELECT (extract(epoch FROM clock_timestamp() - coalesce(s.stats_reset, pg_postmaster_start_time())) / 86400)::float8 AS days FROM pg_stat_database s WHERE s.datname = current_database()`,
      );
      const days = Math.floor(counting[0]?.days ?? 0);
      const bytes = rows.reduce((sum, index) => sum + index.bytes, 0);
      for (const [place, { index, table, bytes: size }] of rows.entries())
        context.progress((place + 1) / (rows.length + 1), `${index} of ${table}: ${sizeWords(size)}`);
      context.progress(
        1,
        `${rows.length} indexes, ${sizeWords(bytes)}, counted for ${days} ${days === 1 ? 'day' : 'days'}${days < 30 ? ': too short to drop any, a month has its own queries' : ''}`,
      );
      return { indexes: rows.length, bytes, days, each: rows.slice(0, 100) };
    }),
});
