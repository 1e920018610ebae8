import { z } from 'zod';
import { WorkRefused } from './define-work.ts';
import { openFile } from './seal-file.ts';

const Name = z.string(); // base64: names are octets
const Id = z.number().int().min(0);
/** Nanoseconds, which are more than a number holds. */
const Nanoseconds = z.string().regex(/^-?\d+$/);
const whose = { name: Name, mode: z.number().int().min(0).max(0o7777), uid: Id, gid: Id, changed: Nanoseconds };

const Entry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), ...whose }),
  z.strictObject({ kind: z.literal('link'), ...whose, to: Name }),
  z.strictObject({
    kind: z.literal('file'),
    ...whose,
    octets: z.number().int().min(0),
    object: z.string().regex(/^[0-9a-f]{64}$/),
    /** When anything about it changed; null where that was so shortly before it was read that another change might look the same. */
    touched: Nanoseconds.nullable(),
  }),
]);
/** One line of the list of a folder: what stood there, and which object is in it. */
export type TreeEntry = z.output<typeof Entry>;
export type FileEntry = Extract<TreeEntry, { kind: 'file' }>;

export const lineOf = (entry: TreeEntry): Buffer => Buffer.from(`${JSON.stringify(entry)}\n`);

const broken = new Set(['', '.', '..']);

/** A name below a folder: only names that lead out of it are none. */
export const nameOfEntry = ({ name }: Pick<TreeEntry, 'name'>): Buffer => {
  const octets = Buffer.from(name, 'base64');
  const parts = octets.toString('latin1').split('/');
  if (octets.length > 0 && (parts.some(part => broken.has(part)) || octets.includes(0)))
    throw new WorkRefused('a list of files names what lies outside of its folder');
  return octets;
};

async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    held = Buffer.concat([held, piece]);
    let begin = 0;
    for (let end = held.indexOf(10); end >= 0; end = held.indexOf(10, begin)) {
      yield held.toString('utf8', begin, end);
      begin = end + 1;
    }
    held = held.subarray(begin);
  }
  if (held.length > 0) throw new WorkRefused('a list of files is cut off');
}

/** What a sealed list says, line by line. Throws WorkRefused where it is not as it was written. */
export async function* readTreeList(file: string, name: string, sealing: Buffer): AsyncGenerator<TreeEntry> {
  for await (const line of linesOf(await openFile(file, name, sealing))) {
    const entry = Entry.safeParse(JSON.parse(line));
    if (!entry.success) throw new WorkRefused(`${name} is of another version of Bursar`);
    yield entry.data;
  }
}
