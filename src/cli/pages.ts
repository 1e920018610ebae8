import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';
import type { Row } from './find-record.ts';
import type { Asked, Place } from './list-request.ts';

/** Rows read at once. A list of any length passes through in pages of these. */
const pageSize = 500;

type Chunk = { readonly rows: readonly Row[]; readonly next: Place | undefined };

/** Pages one after the other by keyset: memory holds one of them, whatever the limit. */
export async function* pagesOf(
  session: Session,
  resource: AnyResource,
  { terms, sort, limit, after }: Asked,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  let place = after;
  for (let left = limit; ;) {
    signal.throwIfAborted();
    const at = place && ({ direction: 'after', place } as const);
    const { rows, more } = await session.list(resource, { terms, sort, limit: Math.min(left, pageSize), ...(at ? { at } : {}) });
    left -= rows.length;
    place = rows.at(-1);
    yield { rows, next: more ? place : undefined };
    if (!more || left <= 0) return;
  }
}
