import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';
import type { Row } from './find-record.ts';
import type { Asked, Place } from './list-request.ts';

/** Rows read at once. A list of any length passes through in pages of these. */
const pageSize = 2_000;

export type Chunk = { readonly rows: readonly Row[]; readonly next: Place | undefined };

/** Pages one after the other by keyset. The next one is read while its reader is busy with the last: memory holds two, whatever the limit. */
export async function* pagesOf(
  session: Session,
  resource: AnyResource,
  { terms, sort, limit, after }: Asked,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const read = async (place: Place | undefined, left: number) => {
    const at = place && ({ direction: 'after', place } as const);
    const { rows, more } = await session.list(resource, { terms, sort, limit: Math.min(left, pageSize), ...(at ? { at } : {}) });
    const last = rows.at(-1);
    return { rows, next: more ? last : undefined, left: left - rows.length };
  };
  let reading: ReturnType<typeof read> | undefined = read(after, limit);
  while (reading) {
    signal.throwIfAborted();
    const { rows, next, left }: Awaited<typeof reading> = await reading;
    reading = next && left > 0 ? read(next, left) : undefined;
    // Whoever asks for it hears of its failure; whoever has seen enough does not ask
    reading?.catch(() => undefined);
    yield { rows, next };
  }
}
