import type { Session } from '../../kit/session.ts';
import type { Happening } from '../state/events.ts';

/** The newest rows of every pane that has a part in the live stream and may be read, newest first. A failure shows in the list already. */
export const readStream = async (session: Session, most: number, tell: (error: unknown) => void): Promise<Happening> => {
  const by = session.operator.id;
  const live = session.registry.resources.filter(
    resource => resource.stream !== undefined && session.operator.permissions.has(resource.permission),
  );
  try {
    const lines = await Promise.all(
      live.map(async resource => {
        const { rows } = await session.list(resource, { terms: [], sort: resource.page.defaultSort, limit: most });
        return rows.flatMap(row => resource.stream?.(row) ?? []);
      }),
    );
    const newest = lines.flat().toSorted((a, b) => b.at.getTime() - a.at.getTime());
    return { kind: 'stream-read', by, lines: newest.slice(0, most) };
  } catch (error) {
    tell(error);
    return { kind: 'stream-read', by, lines: undefined };
  }
};
