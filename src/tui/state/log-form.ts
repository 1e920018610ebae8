import { LogRequest } from '../../domain/log-request.ts';
import { done, forbidden, type Outcome } from '../../domain/outcome.ts';
import { fieldsOf, parseInput, type FormField } from '../../kit/form-fields.ts';
import { logsNeed } from '../../kit/host-logs.ts';
import type { Step } from './effects.ts';
import type { Event, Intent } from './events.ts';
import { changeMode, findMode } from './mode.ts';
import { sheetPressed, typedInto } from './sheet.ts';
import { browsing, newRequest, resourceOf, rowAtCursor, stay, step, withFlash, withMode } from './step.ts';
import type { Sheet } from './session-types.ts';
import type { Mode, State } from './types.ts';

type LogsForm = Extract<Mode, { kind: 'logs-form' }>;

/** Said when they are closed. */
export const logsLeft = 'the logs are no longer followed; nothing was left on the hosts';

/** Lines to begin with, unless somebody wants more or less. */
const usualLast = '100';

const withSheet = (state: State, sheet: Sheet): State => ({
  ...state,
  mode: changeMode(state.mode, 'logs-form', mode => ({ ...mode, sheet })),
});

/** Which logs can be asked for. */
const hintOf = (named: readonly string[]): string =>
  [...(named.length === 0 ? [] : [`of ${named.join(', ')}`]), 'any under /var/log'].join('; ');

const sheetFor = (hosts: string, named: readonly string[]): Sheet => ({
  title: 'Follow logs',
  label: '',
  words: { button: 'Follow', calm: 'that you read them is recorded; nothing is changed', busy: 'asking ...' },
  fields: fieldsOf(LogRequest).map((field): FormField => (field.key === 'file' ? { ...field, hint: hintOf(named) } : field)),
  typed: { hosts, file: named[0] ?? '', last: usualLast },
  focus: hosts === '' ? 0 : 1,
  errors: {},
  edition: 0,
  waiting: false,
});

/** Asks which logs of these hosts are to be followed. */
export const askForLogs = (state: State, hosts: string): Outcome<Step> => {
  const { session } = state;
  if (session?.readOnly) return { ok: false, refusal: session.readOnly };
  if (!session?.operator.permissions.has('host.use')) return logsNeed;
  if (!session.logs) return forbidden('this console has no way into hosts');
  const sheet = sheetFor(hosts, session.environment.platform?.logs ?? []);
  return done(step({ ...withMode(state, { kind: 'logs-form', sheet, follow: undefined }), flash: undefined }, { kind: 'offer-logs' }));
};

/** The hosts of the marked records, or of the one under the cursor. */
const hostsMeant = (state: State): readonly string[] => {
  const { marks, window } = state.view;
  const row = rowAtCursor(state.view);
  const rows = marks.size > 0 ? window.rows.filter(({ id }) => marks.has(String(id))) : row ? [row] : [];
  return [...new Set(rows.flatMap(each => resourceOf(state).hostOf?.(each) ?? []))];
};

/** `L`: the logs of the host of this record, or of the marked ones. */
export const openLogs = (state: State): Step => {
  const asked = askForLogs(state, hostsMeant(state).join(', '));
  return asked.ok ? asked.value : stay(withFlash(state, 'warn', asked.refusal.message, asked.refusal.next));
};

/** The hosts in use: the only one is filled in where nobody named one, of several it is said which there are. */
export const logHostsListed = (state: State, { hosts }: Extract<Event, { kind: 'log-hosts-listed' }>): Step => {
  const form = findMode(state.mode, 'logs-form');
  if (!form) return stay(state);
  const { sheet } = form;
  const [only, ...others] = hosts;
  if (only !== undefined && others.length === 0 && (sheet.typed['hosts'] ?? '') === '')
    return stay(withSheet(state, { ...sheet, typed: { ...sheet.typed, hosts: only }, edition: sheet.edition + 1 }));
  const fields = sheet.fields.map(field => (field.key === 'hosts' ? { ...field, hint: `of ${hosts.join(', ')}` } : field));
  return stay(hosts.length === 0 ? state : withSheet(state, { ...sheet, fields }));
};

const submit = (state: State, { sheet }: LogsForm): Step => {
  const typed = Object.fromEntries(Object.entries(sheet.typed).filter(([, value]) => value !== ''));
  const parsed = parseInput(LogRequest, typed, state.session?.today() ?? '');
  if (!parsed.ok) {
    const first = sheet.fields.findIndex(({ key }) => parsed.errors[key] !== undefined);
    return stay(withSheet(state, { ...sheet, errors: parsed.errors, focus: Math.max(0, first) }));
  }
  const { state: next, request: follow } = newRequest(state);
  const asking = withMode(next, { kind: 'logs-form', sheet: { ...sheet, errors: {}, waiting: true }, follow });
  return step(asking, { kind: 'open-logs', follow, request: parsed.input });
};

/** Puts a value into the field with the focus. */
export const typeInLogsForm = (state: State, { sheet }: LogsForm, text: string): Step =>
  stay(sheet.waiting ? state : withSheet(state, typedInto(sheet, text)));

/** Keys while it is asked which logs are to be followed. */
export const logsFormPressed = (state: State, mode: LogsForm, intent: Intent): Step => {
  const sheet = mode.sheet.waiting ? undefined : sheetPressed(mode.sheet, intent);
  if (sheet) return stay(withSheet(state, sheet));
  switch (intent.name) {
    case 'confirmed':
      return mode.sheet.waiting ? stay(state) : submit(state, mode);
    case 'escaped':
    case 'interrupted':
      return stay(withFlash(browsing(state), 'info', 'no logs are followed'));
    default:
      return stay(state);
  }
};
