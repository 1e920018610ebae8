import type { Flow, FlowStep, Look, Standing, Trace } from './flow-step.ts';
import { hostFieldOf, hostFlowIds, hostFlows } from './host-flows.ts';

const outside = (status: string): string | undefined =>
  status === 'locked' || status === 'deactivated' ? `the user is ${status}` : undefined;
const underGrant = ({ grant, name }: Standing, more: string): Look => ({
  resource: 'audit',
  filter: `${grant === null ? `operator=${name}` : `grant=${grant}`} ${more}`.trim(),
});

const unauthorisedAccess: Flow = {
  id: 'unauthorised-access',
  title: 'Unauthorised access',
  about: 'user',
  steps: [
    {
      id: 'failures',
      title: 'Look at the failed sign-ins',
      words:
        'From which addresses, how many, and did somebody get in afterwards? Open one of them: its detail counts what came from there.',
      look: ({ name }) => ({ resource: 'sign-ins', filter: `user=${name} since=7d` }),
      seen: ({ verb, entity }) => verb === 'view' && entity === 'sign-in',
    },
    {
      id: 'user',
      title: 'Look at the user',
      words: 'Open sessions and their devices, a changed e-mail address, new roles. l in the detail is what operators did to them.',
      look: ({ id }) => ({ resource: 'users', filter: `id=${id}` }),
      seen: ({ verb, entity }) => verb === 'view' && entity === 'user',
    },
    {
      id: 'keep-out',
      title: 'Keep everybody out of it',
      words: 'Deactivate, or lock where that is not yours to do: nobody signs in as them, and every session ends at once.',
      acts: [
        { key: 'd', action: 'users.deactivate', verb: 'users deactivate' },
        { key: 'l', action: 'users.lock', verb: 'users lock' },
      ],
      already: ({ status }) => outside(status),
    },
    {
      id: 'sessions',
      title: 'See that no session is left',
      words: 'Deactivating and locking end them; whoever signed in between is ended here.',
      acts: [{ key: 'o', action: 'users.end-sessions', verb: 'users end-sessions' }],
      already: ({ sessions }) => (sessions === 0 ? 'no session is open' : undefined),
    },
    {
      id: 'address',
      title: 'Block the address',
      words: 'The address that failed most within a week is filled in; look first who else comes from it.',
      acts: [{ key: 'b', action: 'ip-rules.block', verb: 'ip-rules block' }],
      already: ({ address, blocked }) =>
        address === null ? 'no address failed within a week' : blocked ? `${address} is blocked` : undefined,
    },
    {
      id: 'money',
      title: 'Look at what was posted meanwhile',
      words: 'Freeze an account that was used (a, then x f). Note what was found with x k.',
      look: ({ name }) => ({ resource: 'transactions', filter: `user=${name} since=7d` }),
    },
    {
      id: 'password',
      title: 'Have a new password chosen',
      words: 'Only once you know who asks for it: a link goes to their address, and the old password is worth nothing from now on.',
      acts: [{ key: 'p', action: 'users.reset-password', verb: 'users reset-password' }],
    },
  ],
};

const developerMisuse: Flow = {
  id: 'developer-misuse',
  title: 'Developer misuse',
  about: 'operator',
  steps: [
    {
      id: 'end-role',
      title: 'End the developer role',
      words: 'At once, and without asking anybody: what it gave is gone with it.',
      acts: [{ key: 'e', action: 'operators.end-developer', verb: 'operators end-developer' }],
      already: ({ developer }) => (developer ? undefined : 'nobody is developer under this name'),
    },
    {
      id: 'sessions',
      title: 'End their sessions',
      words: 'Whatever is open is signed out, and its next write refused.',
      acts: [{ key: 's', action: 'operators.end-sessions', verb: 'operators end-sessions' }],
      already: ({ sessions }) => (sessions === 0 ? 'no session is open' : undefined),
    },
    {
      id: 'grant',
      title: 'Look at the grant',
      words: 'Who lent the role, for which incident, from when to when; its detail lists what was done under it.',
      look: ({ name }) => ({ resource: 'developer-grants', filter: `operator=${name}` }),
    },
    {
      id: 'acts',
      title: 'Read all done since its start',
      words: 'Everything, looks and refusals included, from the start of the grant to its end.',
      look: about => underGrant(about, ''),
    },
    {
      id: 'pipelines',
      title: 'Pipelines: how the platform works',
      words: 'Settings, roles and permissions that were changed under it. Take back what nobody asked for.',
      look: about => underGrant(about, 'entity=setting,role,permission,rule outcome=success'),
    },
    {
      id: 'connectors',
      title: 'Connectors: what goes in and out',
      words: 'Addresses that were let in, notices, invites, exports.',
      look: about => underGrant(about, 'entity=ip-rule,notice,invite outcome=success'),
    },
    {
      id: 'users',
      title: 'Users that were touched',
      words: 'Created, changed, given roles or a new password. Take back what nobody asked for.',
      look: about => underGrant(about, 'entity=user,grant,operator outcome=success'),
    },
    {
      id: 'disable',
      title: 'Disable the operator, if misuse',
      words: 'They can no longer sign in. Where it was none, say so with x k.',
      acts: [{ key: 'x', action: 'operators.disable', verb: 'operators disable' }],
      already: ({ status }) => (status === 'disabled' ? 'the operator is disabled' : undefined),
    },
  ],
};

export const flows: readonly Flow[] = [unauthorisedAccess, developerMisuse, ...hostFlows];
export const flowIds = ['unauthorised-access', 'developer-misuse', ...hostFlowIds] as const;

export const flowNamed = (id: string): Flow | undefined => flows.find(flow => flow.id === id);

/** What is typed instead of pressing the keys of a step. */
export const commandOf = ({ look, acts = [] }: Pick<FlowStep, 'look' | 'acts'>, about: Standing): string => {
  const there = look?.(about);
  if (there) return `bursar ${there.resource} list ${there.filter}`.trimEnd();
  return acts
    .map(({ action, verb }) => {
      if (action === 'ip-rules.block') return `bursar ${verb} --network ${about.address ?? 'ADDRESS'}`;
      return action.startsWith('runbooks.') ? `bursar ${verb} --${hostFieldOf(action)} ${about.name}` : `bursar ${verb} ${about.name}`;
    })
    .join(', or ');
};

/** What somebody noted at a step. */
export type StepNote = { readonly step: string; readonly note: string; readonly by: string; readonly at: Date };

export type StepState = 'to do' | 'done' | 'noted' | 'is so';
/** How a step stands: who did it and when, or why nothing is left to do. */
export type StepStanding = { readonly state: StepState; readonly by: string | null; readonly at: Date | null; readonly why: string };

/** Whether a step is done: first what was done since it began, then what was noted, then how things are. */
export const standingOf = (step: FlowStep, about: Standing, traces: readonly Trace[], notes: readonly StepNote[]): StepStanding => {
  const did = traces.find(trace => step.seen?.(trace, about) === true || step.acts?.some(({ action }) => action === trace.action) === true);
  if (did) return { state: 'done', by: did.by, at: did.at, why: `${did.action} ${did.label ?? did.entityId}` };
  const noted = notes.find(note => note.step === step.id);
  if (noted) return { state: 'noted', by: noted.by, at: noted.at, why: noted.note };
  const already = step.already?.(about);
  return already === undefined ? { state: 'to do', by: null, at: null, why: '' } : { state: 'is so', by: null, at: null, why: already };
};
