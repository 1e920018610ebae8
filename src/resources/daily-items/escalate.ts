import { Note } from '../../domain/note.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { decision } from './decide.ts';
import { itemFor, whyNotDecide } from './target.ts';

export const escalateDailyItem = decision({
  decision: 'escalate',
  title: 'Escalate to a manager',
  verb: 'reject',
  note: Note.meta({ kind: 'note', title: 'What is to be decided' }),
  means: 'everybody else who decides requests is told, with the note',
  gather: (id, context) => itemFor(id, context, whyNotDecide),
  also: async (item, note, context) => {
    const { operator, environment } = context;
    await enqueueNotice(context, {
      template: 'review-escalated',
      to: { staff: 'approval.decide', except: operator.id },
      params: { environment, at: new Date(), operator: operator.name, about: item.category, record: `${item.label}: ${item.words}`, note },
      about: { entity: 'daily-item', id: String(item.id) },
    });
  },
});
