/** An operator of the demo console; ids are given in this order, from 1. */
export type DemoOperator = { readonly name: string; readonly displayName: string; readonly roles: readonly string[] };

const everything = ['viewer', 'auditor', 'support', 'analyst', 'operations', 'manager', 'sysop', 'admin'];

export const demoOperators: readonly DemoOperator[] = [
  { name: 'demo', displayName: 'Demo operator', roles: everything },
  { name: 'vera', displayName: 'Vera Sjöberg', roles: ['viewer'] },
  { name: 'aron', displayName: 'Aron Feldman', roles: ['auditor'] },
  { name: 'lena', displayName: 'Lena Brandt', roles: ['support'] },
  { name: 'ravi', displayName: 'Ravi Deshpande', roles: ['analyst'] },
  { name: 'omar', displayName: 'Omar Haddad', roles: ['operations'] },
  { name: 'mona', displayName: 'Mona Lindqvist', roles: ['manager'] },
  { name: 'sven', displayName: 'Sven Nygård', roles: ['sysop'] },
  { name: 'ada', displayName: 'Ada Whitaker', roles: ['admin'] },
];

/** The id that an operator gets by its place in the list. */
export const operatorId = (name: string): number => {
  const index = demoOperators.findIndex(operator => operator.name === name);
  if (index < 0) throw new RangeError(`there is no demo operator ${name}`);
  return index + 1;
};
