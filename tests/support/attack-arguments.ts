import type { Client } from 'pg';

type Parameter = { readonly name: string; readonly type: string };
export type AttackedFunction = { readonly name: string; readonly parameters: readonly Parameter[] };

/** The functions of our schemas with what they take, as the database says it. */
export const functionsToAttack = async (db: Client): Promise<readonly AttackedFunction[]> => {
  const { rows } = await db.query<{ name: string; names: string[]; types: string[] }>(
    `SELECT n.nspname || '.' || p.proname AS name, coalesce(p.proargnames[1:p.pronargs], '{}') AS names,
            ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, place) ORDER BY place) AS types
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('bank', 'ops', 'platform') AND p.prorettype <> 'trigger'::regtype ORDER BY 1`,
  );
  return rows.map(({ name, names, types }) => ({ name, parameters: types.map((type, index) => ({ name: names[index] ?? '', type })) }));
};

const words: Readonly<Record<string, string>> = {
  action_id: 'accounts.freeze', verb: 'update', entity: 'account', entity_id: '1', operator_name: 'one', role: 'admin', wanted_role: 'admin', username: 'mallory', name: 'mallory',
  email: 'mallory@mail.example', currency: 'EUR', kind: 'screen', ground: 'compliance', title: 'An incident by nobody', after: 'contained', judged: 'ratified', decision: 'keep',
  key: 'platform.name', slug: 'evil-role', profile: 'banking', role_type: 'general', scope: 'admin', until_said: '4h', until: '4h', outcome: 'sent', template: 'invite', channel: 'email', code: '123456',
}; // prettier-ignore

const enumerated: Readonly<Record<string, string>> = {
  'bank.account_status': 'active', 'bank.user_status': 'active', 'bank.account_type': 'savings', 'bank.transaction_type': 'deposit', 'ops.outcome': 'refused',
}; // prettier-ignore

const wide = `'${'n'.repeat(40)}'`;

const plausible = ({ name, type }: Parameter, ids: number): string => {
  if (type === 'text') return words[name] === undefined ? wide : `'${words[name]}'`;
  if (enumerated[type] !== undefined) return `'${enumerated[type]}'`;
  const values: Readonly<Record<string, string>> = {
    bigint: String(ids), integer: '0', smallint: '1', boolean: 'true', uuid: 'gen_random_uuid()', bytea: `sha256('x')`, jsonb: `'{}'`, inet: `'10.0.0.1'`, cidr: `'198.51.100.1/32'`,
    date: 'current_date + 7', 'timestamp with time zone': 'clock_timestamp()', interval: `interval '1 hour'`, 'text[]': `'{admin}'`, 'bytea[]': `ARRAY[sha256('x')]`,
  }; // prettier-ignore
  return values[type] ?? 'NULL';
};

/** Statements that call a function with everything that may come to somebody's mind; `keys` stand where it takes a token. */
export const attacksOn = ({ name, parameters }: AttackedFunction, keys: readonly string[]): readonly string[] => {
  const call = (value: (parameter: Parameter) => string) =>
    `SELECT * FROM ${name}(${parameters.map(parameter => `${value(parameter)}::${parameter.type}`).join(', ')})`;
  const tokens = parameters.some(parameter => parameter.name === 'token') ? keys : ['unused'];
  return [
    ...tokens.flatMap(key => [1, 2, 3].map(ids => call(parameter => (parameter.name === 'token' ? key : plausible(parameter, ids))))),
    call(() => 'NULL'),
  ];
};
