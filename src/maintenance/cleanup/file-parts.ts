import { access } from 'node:fs/promises';
import type { WorkContext } from '../define-work.ts';
import { rootOf } from '../vault.ts';

/** Files that a policy lets go. */
export type FilePart = {
  readonly policy: string;
  readonly what: string;
  readonly root: string;
  readonly only?: (place: string) => boolean;
};

export const isThere = (place: string): Promise<boolean> =>
  access(place).then(
    () => true,
    () => false,
  );

/** What a backup that was cut short leaves: it was never renamed to its name. */
export const unfinishedFiles = (context: Pick<WorkContext, 'backup' | 'home'>): FilePart => ({
  policy: 'orphaned-data',
  what: `unfinished files in ${rootOf(context)}`,
  root: rootOf(context),
  only: place => place.endsWith('.part'),
});

const partsNamed = (policy: string, context: WorkContext): readonly FilePart[] => {
  if (policy === 'temp-files') return context.platform.temporary.map(root => ({ policy, what: `files in ${root}`, root }));
  return policy === 'orphaned-data' ? [unfinishedFiles(context)] : [];
};

/** The files that a policy lets go on this host; a folder that is not there has none. */
export const filePartsOf = async (policy: string, context: WorkContext): Promise<readonly FilePart[]> => {
  const parts = partsNamed(policy, context);
  const there = await Promise.all(parts.map(({ root }) => isThere(root)));
  return parts.filter((_, index) => there[index]);
};
