import { conflict, failed, forbidden, invalid, lacking, notFound, stale, type Outcome } from '../domain/outcome.ts';

/** What the database said when it refused or broke off, dug out of the shapes Prisma wraps it in. */
export type Fault = { readonly code: string; readonly message: string; readonly constraint?: string };

type Shape = { readonly [key: string]: unknown };
const isShape = (value: unknown): value is Shape => typeof value === 'object' && value !== null;
const textAt = (value: Shape, key: string): string | undefined => (typeof value[key] === 'string' ? value[key] : undefined);

const layersOf = (error: unknown): readonly Shape[] => {
  const layers: Shape[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (!isShape(value) || depth > 6) return;
    layers.push(value);
    for (const key of ['cause', 'meta', 'driverAdapterError']) visit(value[key], depth + 1);
  };
  visit(error, 0);
  return layers;
};

const firstText = (layers: readonly Shape[], keys: readonly string[]): string | undefined => {
  for (const layer of layers.toReversed()) for (const key of keys) if (textAt(layer, key)) return textAt(layer, key);
  return undefined;
};

/** Reads an error that came from a statement; Prisma's own codes stay where the server gave none. */
export const faultOf = (error: unknown): Fault => {
  const layers = layersOf(error);
  const code = firstText(layers, ['originalCode', 'sqlState']) ?? firstText(layers, ['code', 'kind']) ?? '';
  const message = firstText(layers, ['originalMessage']) ?? firstText(layers, ['message']) ?? 'the database gave no reason';
  const constraint = layers.map(layer => layer['constraint']).find(isShape);
  const named = constraint ? textAt(constraint, 'index') : firstText(layers, ['constraint']);
  return named === undefined ? { code, message } : { code, message, constraint: named };
};

const lostCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
]);
const lostWords =
  /connection (?:error|terminated|closed|ended)|Connection terminated|server closed the connection|Client has encountered|timeout exceeded when trying to connect|^timeout expired$|Can't reach|not queryable|ECONN|database system is (?:shutting|starting)|not currently accepting connections/i;

/** Whether the connection went away, so that nobody knows what became of the statement. */
export const isConnectionLost = (error: unknown): boolean => {
  const fault = faultOf(error);
  return (
    lostCodes.has(fault.code) ||
    lostWords.test(fault.message) ||
    layersOf(error).some(layer => lostWords.test(textAt(layer, 'message') ?? ''))
  );
};

const retryable = new Set(['40001', '40P01', 'P2034', 'TransactionWriteConflict']);

/** Whether the transaction lost a race and can simply be begun again. */
export const isRaceLost = (error: unknown): boolean => {
  const fault = faultOf(error);
  return retryable.has(fault.code) || /TransactionWriteConflict|could not serialize|deadlock detected/.test(fault.message);
};

/** Constraint names that people meet, in their words. */
const constraintWords: Readonly<Record<string, string>> = {
  user_username_key: 'this username is taken',
  user_email_key: 'another user has this e-mail address',
  closed_is_empty: 'the account still holds money',
  within_daily_limit: 'the daily limit is exceeded',
  transaction_reversed_once_key: 'this transaction was reversed already',
  transaction_flag_open_key: 'this transaction is flagged already',
  dispute_one_open_key: 'this transaction is disputed already: that dispute is still open',
  approval_one_open_key: 'somebody asked for the same already: that request waits in the inbox',
  run_one_dangerous_key: 'another run that changes the same is under way: wait for its end, or abort it',
  not_by_its_maker: 'whoever made a request cannot decide it',
};

/** The refusal that an error stands for; undefined where the error is no refusal and must be thrown on. */
export const refusalOf = (error: unknown): Outcome<never> | undefined => {
  const fault = faultOf(error);
  const words = Object.entries(constraintWords).find(([name]) => fault.constraint?.includes(name) || fault.message.includes(name));
  if (words) return conflict(words[1]);
  switch (fault.code) {
    case 'BU001':
      return forbidden(fault.message, 'sign in again');
    case 'BU002':
    case 'BU004':
      return forbidden(fault.message);
    case 'BU003':
      return conflict(fault.message, 'begin the action anew');
    case 'BU005':
      return stale(fault.message, 'look at it again');
    case 'BU006':
    case 'BU007':
    case 'BU009':
    case 'BU010':
      return conflict(fault.message);
    case 'BU011':
      return notFound(fault.message);
    case 'BU012':
      return lacking('second-person', fault.message, 'ask for it: the request waits in the inbox');
    case 'BU013':
      return lacking('code', fault.message, 'give the code that your app shows');
    case 'BU014':
      return lacking('window', fault.message, 'press W and say why, or add --reason to the command');
    case '22021': // NUL, which Postgres keeps in no text and in no document
    case '22P05':
      return invalid('a text holds a character that no database keeps', 'leave it out');
    case '23514':
    case '22001':
    case '22P02':
    case '22003':
    case '22008':
      return invalid(fault.message);
    case '55P03':
      return failed('somebody else is changing this record right now', 'try again in a moment');
    case '57014':
      return failed('the database took too long and was stopped', 'narrow the filter or try again');
    case '25006':
      return forbidden('this console is read-only');
    default:
      return undefined;
  }
};
