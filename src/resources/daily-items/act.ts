import { Note } from '../../domain/note.ts';
import { decision } from './decide.ts';
import { strangersItem } from './target.ts';

export const actOnDailyItem = decision({
  decision: 'act',
  title: 'Mark as acted on',
  verb: 'update',
  note: Note.meta({ kind: 'note', title: 'What was done' }),
  means: 'it was acted on; what was done is in the note and in the log of the record',
  gather: strangersItem,
});
