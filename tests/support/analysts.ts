import type { Acting } from '../../src/kit/request.ts';
import { openOperatorSession, type TestOperator } from './acting.ts';
import { anActingBank, type ActingBank } from './acting-session.ts';
import { anAlert, type AlertWish } from './alert-subjects.ts';

const names = ['ravi', 'nina', 'mona'] as const;
export type Analyst = (typeof names)[number];

/** A bank where ravi and nina look into alerts and mona is their manager. */
export type AnalystsBank = AsyncDisposable & {
  readonly world: ActingBank;
  readonly through: Readonly<Record<Analyst, Acting>>;
  readonly operators: Readonly<Record<Analyst, TestOperator>>;
  /** An alert that one of them has in review. */
  readonly alertOf: (name: Analyst, wish?: AlertWish) => Promise<string>;
};

export const anAnalystsBank = async (): Promise<AnalystsBank> => {
  const world = await anActingBank({ others: { ravi: ['analyst'], nina: ['analyst'], mona: ['manager'] } });
  const { bank } = world;
  const signedIn: (readonly [Analyst, TestOperator, Acting])[] = [];
  for (const name of names) {
    const id = (await bank.rows<{ id: string }>('SELECT id FROM ops.operator WHERE name = $1', [name]))[0]?.id ?? '';
    const operator = { id, name, token: await openOperatorSession(bank.db, id) };
    signedIn.push([name, operator, await world.as(operator)]);
  }
  const operators = Object.fromEntries(signedIn.map(([name, operator]) => [name, operator])) as Record<Analyst, TestOperator>;
  return {
    world,
    operators,
    through: Object.fromEntries(signedIn.map(([name, , acting]) => [name, acting])) as Record<Analyst, Acting>,
    alertOf: (name, wish = {}) => anAlert(bank, { status: 'in review', by: operators[name], ...wish }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
};
