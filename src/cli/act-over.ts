import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { bindingTo } from '../kit/notes.ts';
import type { Session } from '../kit/session.ts';
import type { Call } from './call.ts';
import { findRecord, mayRead } from './find-record.ts';

/** `incidents freeze 4`: what is done to all records that another pane finds for this one, as the call that says so. Any other call as it is. */
export const overOthers = async (call: Call, session: Session): Promise<Outcome<Call>> => {
  const binding = bindingTo(call.resource, call.action.id);
  const may = mayRead(session, call.resource);
  if (!binding?.over || !may.ok) return may.ok ? done(call) : may;
  const { over } = binding;
  const [word, ...more] = call.typed.words;
  if (word === undefined || more.length > 0) return invalid(`${over.title}: name one ${call.resource.entity}`);
  const found = await findRecord(session, call.resource, word);
  if (!found.ok) return found;
  const objection = binding.whyNot(found.value);
  if (objection !== undefined) return conflict(objection);
  const { resource: id, filter } = over.where(found.value);
  const resource = session.registry.resources.find(candidate => candidate.id === id);
  if (!resource) throw new Error(`there is no pane ${id}`);
  const readable = mayRead(session, resource);
  return readable.ok ? done({ ...call, resource, typed: { words: [], flags: { ...call.typed.flags, filter } } }) : readable;
};
