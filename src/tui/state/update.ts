import { actionsPressed } from './actions.ts';
import { beneath } from './beneath.ts';
import { detailRead, pageRead, pageRefreshed, readFailed } from './answers.ts';
import { browsePressed } from './browse.ts';
import { bulkFinished, bulkPressed, recordsFinished } from './bulk.ts';
import { codePressed } from './code.ts';
import { columnsPressed, sortPressed } from './choosers.ts';
import { commandPressed, typeCommand } from './command.ts';
import { confirmPressed, previewed, typeWords } from './confirm.ts';
import type { Step } from './effects.ts';
import type { Event, Intent } from './events.ts';
import { filterPressed, typeFilter } from './filter.ts';
import { formPressed, typeInField } from './form.ts';
import { offered } from './offers.ts';
import { helpPressed } from './help.ts';
import { lackingPressed } from './lacking.ts';
import { layoutOf } from './layout.ts';
import { lockIfIdle, lockPressed, suspend, typeInLock } from './lock.ts';
import { logsFormPressed, typeInLogsForm } from './log-form.ts';
import { ofLogs } from './log-events.ts';
import { logsPressed, typeLogWords } from './logs.ts';
import { idsFrozen } from './marks.ts';
import { isCovered, type Cover } from './mode.ts';
import { finished, settled, settleSome } from './outcomes.ts';
import { beat, lapseIfDue } from './pulse.ts';
import { followDetail, prefetch, readAgain, refresh } from './reading.ts';
import { savedPressed } from './saved.ts';
import { ofSession } from './session-events.ts';
import { typedInto } from './sheet.ts';
import { steered } from './steer-logs.ts';
import { readStream, streamRead } from './stream.ts';
import { endedPressed, signInPressed } from './sign-in.ts';
import { andThen, browsing, indexOfCursor, resourceOf, stay, step, withFlash, withMode, withoutOldFlash, withView } from './step.ts';
import { topFor } from './cursor.ts';
import type { Mode, State } from './types.ts';
import { enterView, readView } from './views.ts';
import { newView } from './start.ts';
import { windowMenuPressed, windowPressed } from './write-window.ts';

const quitPressed = (state: State, { under }: Extract<Mode, { kind: 'quit' }>, intent: Intent): Step => {
  if (intent.name === 'confirmed' || intent.name === 'interrupted') return step(state, { kind: 'quit' });
  if (intent.name !== 'escaped') return stay(state);
  return stay(under ? withMode(state, under) : browsing(state));
};

/** Before the database answered there is nothing to do but wait or leave. */
const startingPressed = (state: State, intent: Intent): Step =>
  intent.name === 'quit-asked' || intent.name === 'interrupted' ? step(state, { kind: 'quit' }) : stay(state);

/** Somebody is there: the session does not fall idle. */
const awake = (state: State, at: number): State =>
  isCovered(state) || (state.pulse.active && state.pulse.keyAt === at)
    ? state
    : { ...state, pulse: { ...state.pulse, keyAt: at, active: true } };

const coverPressed = (state: State, mode: Cover, intent: Intent): Step => {
  switch (mode.kind) {
    case 'sign-in':
      return signInPressed(state, mode, intent);
    case 'lock':
      return lockPressed(state, mode, intent);
    case 'lacking':
      return lackingPressed(state, mode, intent);
    case 'ended':
      return endedPressed(state, mode, intent);
  }
};

const pressed = (before: State, intent: Intent, at: number): Step => {
  const state = withoutOldFlash(before, at, true);
  const { mode } = state;
  if (intent.name === 'redrawn') return step(state, { kind: 'repaint' });
  if (intent.name === 'suspended') return suspend(state, at);
  if (!state.session && mode.kind === 'browse') return startingPressed(state, intent);
  switch (mode.kind) {
    case 'browse':
      return browsePressed(state, intent, at);
    case 'filter':
      return filterPressed(state, mode.line, intent);
    case 'command':
      return commandPressed(state, mode.line, intent);
    case 'actions':
      return actionsPressed(state, mode, intent);
    case 'form':
      return formPressed(state, mode.form, intent);
    case 'confirm':
      return confirmPressed(state, mode.confirm, intent, at);
    case 'bulk':
      return bulkPressed(state, mode.bulk, intent, at);
    case 'logs-form':
      return logsFormPressed(state, mode, intent);
    case 'logs':
      return logsPressed(state, mode.logs, intent);
    case 'columns':
      return columnsPressed(state, mode, intent);
    case 'sort':
      return sortPressed(state, mode, intent);
    case 'saved':
      return savedPressed(state, mode, intent);
    case 'help':
      return helpPressed(state, mode, intent);
    case 'quit':
      return quitPressed(state, mode, intent);
    case 'window':
      return windowPressed(state, mode, intent);
    case 'window-menu':
      return windowMenuPressed(state, mode, intent);
    case 'code':
      return codePressed(state, mode, intent);
    default:
      return coverPressed(state, mode, intent);
  }
};

const typed = (state: State, text: string): Step => {
  const { mode } = state;
  switch (mode.kind) {
    case 'filter':
      return typeFilter(state, mode.line, text);
    case 'command':
      return typeCommand(state, mode.line, text);
    case 'form':
      return typeInField(state, mode.form, text);
    case 'confirm':
      return typeWords(state, mode.confirm, text);
    case 'logs-form':
      return typeInLogsForm(state, mode, text);
    case 'logs':
      return typeLogWords(state, mode.logs, text);
    case 'window':
    case 'code':
    case 'sign-in':
      return stay(mode.sheet.waiting ? state : withMode(state, { ...mode, sheet: typedInto(mode.sheet, text) }));
    case 'lock':
      return stay(typeInLock(state, mode.lock, text));
    default:
      return stay(state);
  }
};

const resized = (state: State, size: State['size']): Step => {
  if (size.columns === state.size.columns && size.rows === state.size.rows) return stay(state);
  const { view } = state;
  const index = Math.max(0, indexOfCursor(view));
  const top = topFor(index, view.top, layoutOf(size).listRows, view.window.rows.length);
  return andThen(prefetch({ ...withView(state, { top }), size }), followDetail);
};

/** Once a second: what is on screen is read again, unless that is paused. */
const reread = (now: State): Step => {
  if (now.view.status === 'failed' && now.view.reading === undefined && now.lostSince !== undefined) return readView(now);
  const live = now.paused && now.lostSince === undefined ? stay(now) : refresh(now);
  return andThen(
    andThen(live, next => (next.paused || next.lostSince !== undefined ? stay(next) : andThen(readAgain(next), readStream))),
    settleSome,
  );
};

/** Behind a lock nothing is read, and nothing settled: the session may not. */
const ticked = (state: State, at: number): Step => {
  const now = lapseIfDue({ ...withoutOldFlash(state, at, false), now: at });
  if (!now.session) return stay(now);
  return andThen(
    andThen(lockIfIdle(now, at), open => (isCovered(open) ? stay(open) : reread(open))),
    beat,
  );
};

/** What happens before the database answers, and what is merely told. */
const told = (state: State, event: Event): Step => {
  switch (event.kind) {
    case 'start-progressed':
      return stay(state.session ? state : { ...state, starting: event.text });
    case 'stream-read':
      return streamRead(state, event);
    case 'saved-read':
      return stay({ ...state, saved: event.saved });
    case 'told':
      return stay(withFlash(state, event.tone, event.text, event.next));
    case 'failed':
      return stay(withFlash(state, 'bad', event.message, event.next));
    case 'pasted':
      return stay(withFlash(state, 'info', 'pasted text was ignored: nothing here takes text', ': or / first'));
    case 'record-found': {
      const { row } = event;
      if (!row) return stay(withFlash(state, 'warn', 'the linked record is not there any more'));
      const view = newView(resourceOf(state, event.resource));
      return enterView(state, { ...view, cursor: row.id, window: { rows: [row], moreBefore: true, moreAfter: true }, inDetail: true });
    }
    default:
      return stay(state);
  }
};

/** What comes of reading and changing. */
const answered = (state: State, event: Event): Step => {
  switch (event.kind) {
    case 'page-read':
      return pageRead(state, event);
    case 'page-refreshed':
      return pageRefreshed(state, event);
    case 'rows-counted':
      return stay(event.asked === state.asked.count ? withView(state, { count: event.count, countedAt: event.at }) : state);
    case 'detail-read':
      return detailRead(state, event);
    case 'ids-frozen':
      return idsFrozen(state, event);
    case 'marks-matched':
      return stay(event.asked === state.asked.marks ? withView(state, { hidden: event.hidden }) : state);
    case 'read-failed':
      return readFailed(state, event);
    case 'offered':
      return offered(state, event);
    case 'previewed':
    case 'bulk-previewed':
      return previewed(state, event);
    case 'finished':
      return finished(state, event);
    case 'settled':
      return settled(state, event);
    case 'records-finished':
      return recordsFinished(state, event);
    case 'bulk-finished':
      return bulkFinished(state, event);
    default:
      return told(state, event);
  }
};

const stepOf = (state: State, event: Event): Step => {
  switch (event.kind) {
    case 'key-pressed':
      return pressed(awake(state, event.at), event.intent, event.at);
    case 'text-changed':
      return typed(awake(state, event.at), event.text);
    case 'ticked':
      return ticked(state, event.at);
    case 'resized':
      return resized(state, event.size);
    default:
      return ofSession(state, event) ?? ofLogs(state, event) ?? beneath(state, open => answered(open, event));
  }
};

/** State and event in, state and effects out. Pure: the same events make the same screens. */
export const update = (state: State, event: Event): Step => steered(state, stepOf(state, event));
