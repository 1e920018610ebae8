import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findMachine, holderOfKey, longestStanding, type MachineRow } from './queries.ts';

export const MachineId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Machine' });

/** Why a machine is changed no more. */
export const whyNotInUse = ({ name, isActive }: MachineRow): string | undefined =>
  isActive ? undefined : `the machine ${name} was revoked: add another`;

/** The machine, if there is one and it was not revoked. */
export const machineFor = async (id: bigint, { db }: Context): Promise<Outcome<MachineRow>> => {
  const machine = await findMachine(db, id);
  if (!machine) return notFound(`there is no machine with id ${id}`);
  const objection = whyNotInUse(machine);
  return objection === undefined ? done(machine) : conflict(objection);
};

export const machineTarget = ({ id, name, version }: MachineRow): Target => ({ id: String(id), label: name, version });

/** For how many days a key that nobody used before stands, or why it cannot be approved. */
export const newKey = async (fingerprint: string, days: number | undefined, { db }: Context): Promise<Outcome<number>> => {
  const [holder, longest] = await Promise.all([holderOfKey(db, fingerprint), longestStanding(db)]);
  if (holder !== undefined)
    return conflict(`this key is or was one of the machine ${holder}`, 'a key is approved once: make another with bursar machines enrol');
  if (days !== undefined && days > longest)
    return conflict(`the key of a machine stands for ${longest} days at most`, 'the setting security.machine-days says so');
  return done(days ?? longest);
};

/** What is approved of a key. */
export const keyLines = (fingerprint: string, days: number): readonly string[] => [
  `its key is ${fingerprint}, for ${days} days from approval on`,
  'compare it with what "bursar machines enrol" shows on that host: nobody else has that key',
];
