import { Note } from '../../domain/note.ts';
import { decision } from './decide.ts';
import { strangersItem } from './target.ts';

export const keepDailyItem = decision({
  decision: 'keep',
  title: 'Keep as it is',
  verb: 'approve',
  note: Note.default('seen, nothing to do').meta({ kind: 'note', title: 'Note' }),
  means: 'it was looked at and stays as it is',
  gather: strangersItem,
});
