import { conflict, done, type Outcome } from '../domain/outcome.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { inFolder } from '../domain/run.ts';
import type { Context } from '../kit/define-action.ts';
import type { RunStep } from '../kit/define-runbook.ts';
import type { NamedHost } from '../resources/hosts/queries.ts';
import { hostsNamed } from './hosts.ts';

/** Hosts in the order in which they are worked on, and what the configuration says of the platform on them. */
export type Upkeep = { readonly hosts: readonly NamedHost[]; readonly platform: PlatformProfile };

/** The hosts, unless the profile lacks what the runbook is made of. */
export const upkeepOf = async (
  names: readonly string[],
  context: Context,
  lacks: (platform: PlatformProfile) => string | undefined = () => undefined,
): Promise<Outcome<Upkeep>> => {
  const lacking = lacks(context.platform);
  if (lacking !== undefined) {
    return conflict(`the profile of the platform does not say ${lacking}`, 'it is the part "platform" of config.json: docs/RUNBOOKS.md');
  }
  const hosts = await hostsNamed(names, context);
  return hosts.ok ? done({ hosts: hosts.value, platform: context.platform }) : hosts;
};

export const namesOf = ({ hosts }: Upkeep): string => hosts.map(({ name }) => name).join(', ');

/** In production another one has to agree; the database demands it as well. */
export const twoInProduction = ({ hosts }: Upkeep): 1 | 2 => (hosts.some(({ environment }) => environment === 'production') ? 2 : 1);

/** What a runbook that changes the platform has in common; ● as DOMAIN.md says. */
export const changing = {
  permission: 'run.start',
  danger: 'typed',
  eyes: 1,
  checker: 'approval.decide',
  code: true,
  dangerous: true,
} as const;

/** What a runbook that only looks has in common. */
export const looking = {
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
} as const;

/** A program as the title of its step. */
export const titleOf = (words: readonly string[]): string => words.slice(0, 3).join(' ').slice(0, 60);

const times = [1, 2, 3] as const;

/** Asks the health page three times in a row; before the first there is half a minute for the service to come up. */
const answers = (host: string, url: string): readonly RunStep[] =>
  times.map(time => ({
    title: `healthy, ${time} of 3`,
    host,
    words: ['curl', '--fail', '--silent', '--show-error', '--max-time', '10', ...(time === 1 ? ['--retry', '30', '--retry-delay', '1', '--retry-all-errors'] : []), '--', url],
    timeoutSeconds: time === 1 ? 120 : 30,
  })); // prettier-ignore

const staysUp = (host: string, service: string): readonly RunStep[] =>
  times.map(time => ({
    title: `up, ${time} of 3`,
    host,
    words: ['sh', '-c', 'sleep 2 && systemctl is-active -- "$1"', 'sh', service],
    timeoutSeconds: 30,
  }));

export const restart = (host: string, service: string): RunStep => ({
  title: `restart ${service}`,
  host,
  words: ['systemctl', 'restart', '--', service],
  timeoutSeconds: 120,
});
export const reload = (host: string, service: string): RunStep => ({
  title: `reload ${service}`,
  host,
  words: ['systemctl', 'reload', '--', service],
  timeoutSeconds: 60,
});

/** The platform must be well: by its health page, else by its unit, else nobody can tell. */
export const mustBeWell = (host: string, { health, service }: PlatformProfile): readonly RunStep[] => {
  if (health !== undefined) return answers(host, health);
  return service === undefined ? [] : staysUp(host, service);
};

/** The platform's own checks, such as `manage.py check --deploy`. */
export const checksOf = (host: string, { checks, update }: PlatformProfile): readonly RunStep[] =>
  checks.map(words => ({
    title: `check: ${titleOf(words)}`,
    host,
    words: update === undefined ? words : inFolder(update.folder, words),
    timeoutSeconds: 300,
  }));

/** One host after the other; after the first of several there is a pause. */
export const oneAfterTheOther = (hosts: readonly NamedHost[], stepsOf: (host: string) => readonly RunStep[]): readonly RunStep[] =>
  hosts.flatMap(({ name }, index) => {
    const steps = stepsOf(name);
    if (index > 0 || hosts.length === 1) return steps;
    return steps.map((step, place): RunStep => (place === steps.length - 1 ? { ...step, pauseAfter: true } : step));
  });
