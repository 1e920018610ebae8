import type { Db } from '../database/client.ts';
import { formatShortInstant } from '../domain/day.ts';
import { notedEntities } from '../domain/note.ts';
import type { Keyed } from '../domain/page.ts';
import type { Permission } from '../domain/permission.ts';
import type { Typed } from './request.ts';
import type { AnyResource, Binding, DetailSection } from './define-resource.ts';

/** The action that notes something on a record of any pane. */
const addNote = 'notes.add';
const readNotes: Permission = 'note.read';

/** As many as a detail shows; the pane of notes has them all. */
const mostShown = 20;

const noting = (entity: string): Binding<Keyed> => ({
  action: addNote,
  inputFrom: row => ({ entity, id: String(row.id) }),
  whyNot: () => undefined,
});

/** How something is noted on this pane's records; undefined where nothing is. */
export const noteOn = ({ entity }: AnyResource): Binding<Keyed> | undefined =>
  notedEntities.includes(entity) ? noting(entity) : undefined;

/** What can be done to one record from its pane: what its keys are bound to, and a note. */
export const bindingTo = (resource: AnyResource, action: string): Binding<Keyed> | undefined =>
  Object.values(resource.actions).find(bound => bound.action === action) ?? (action === addNote ? noteOn(resource) : undefined);

/** What is the same for all records of a bulk, beside what a person types. */
export const sameForAll = (resource: AnyResource, action: string): Typed => (action === addNote ? { entity: resource.entity } : {});

type Note = { readonly at: Date; readonly by: string; readonly text: string };

/** What was noted on a record, newest first, as a section of its detail; none where nothing was, or for whoever may not read it. */
export const notesSection = async (
  db: Db,
  { entity }: AnyResource,
  { id }: Keyed,
  permissions: ReadonlySet<string>,
): Promise<readonly DetailSection[]> => {
  if (!notedEntities.includes(entity) || !permissions.has(readNotes)) return [];
  const notes = await db.$queryRaw<Note[]>`
    SELECT n.written_at AS at, o.name AS by, n.text FROM ops.note n JOIN ops.operator o ON o.id = n.written_by
     WHERE n.entity = ${entity} AND n.entity_id = ${String(id)} ORDER BY n.id DESC LIMIT ${mostShown + 1}`;
  if (notes.length === 0) return [];
  const lines = notes.slice(0, mostShown).map(({ at, by, text }) => [formatShortInstant(at), `${by}: ${text}`] as const);
  return [
    {
      title: 'Notes',
      lines: notes.length > mostShown ? [...lines, ['', `older ones: bursar notes list entity=${entity} record=${id}`]] : lines,
    },
  ];
};
