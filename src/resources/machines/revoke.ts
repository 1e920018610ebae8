import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { revokeMachine } from './queries.ts';
import { MachineId, machineFor, machineTarget } from './target.ts';

export const revokeMachineAction = defineAction({
  id: 'machines.revoke',
  title: 'Revoke machine',
  past: 'revoked',
  permission: 'machine.revoke',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'machine',
  irreversible: 'neither its key nor its name comes back: another machine is added by two people',
  input: z.object({ id: MachineId, note: Note }),

  gather: ({ id }, context) => machineFor(id, context),
  target: machine => machineTarget(machine),

  preview: ({ name, sessions }) => [
    `${name} writes nothing from now on; ${sessions === 0 ? 'it has no open session' : `${sessions} of its sessions end at once`}`,
    'what it began on hosts goes on there, and waits for a console or another machine to look after it',
    'planned runs are missed while neither a console nor another machine is there',
  ],

  execute: async (machine, _input, { db }) => {
    const sessionsEnded = await revokeMachine(db, machine);
    return { summary: `revoked ${machine.name}`, old: { fingerprint: machine.fingerprint }, new: { active: false, sessionsEnded } };
  },
});
