import { z } from 'zod';
import { Note } from '../domain/note.ts';
import type { PlatformProfile } from '../domain/platform-profile.ts';
import { HostName } from '../domain/remote-host.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { changing, looking, namesOf, restart, twoInProduction, upkeepOf, type Upkeep } from './upkeep.ts';

const lacksToken = ({ serviceToken }: PlatformProfile): string | undefined =>
  serviceToken === undefined ? 'where the token of its services is (platform.serviceToken)' : undefined;

const unitsOf = ({ platform: { serviceToken } }: Upkeep) => {
  if (serviceToken === undefined) throw new Error('a rotation without its profile was let through');
  return serviceToken;
};

const part = (host: string, name: 'make' | 'show' | 'retire' | 'verify', title: string): RunStep => ({
  title,
  host,
  words: ['bursar', 'maintain', 'service-token', '--part', name],
  timeoutSeconds: 60,
});

const input = z.object({ host: HostName.meta({ title: 'Host of the services' }), note: Note });

export const verifyServiceToken = defineRunbook({
  ...looking,
  id: 'verify-service-token',
  title: 'Verify the service token',
  past: 'verified',
  version: '1',
  input,
  gather: ({ host }, context) => upkeepOf([host], context, lacksToken),
  target: namesOf,
  preview: upkeep => [`${unitsOf(upkeep).url} is asked with each token that it should take, and with one that it should not; only fingerprints are told`],
  steps: (_upkeep, { host }) => [part(host, 'verify', 'verify')],
}); // prettier-ignore

/** Back end first, then front end; in between two tokens are valid, so that no request is refused. Nobody sees the token: it is made on the host. */
export const rotateServiceToken = defineRunbook({
  ...changing,
  id: 'rotate-service-token',
  title: 'Rotate the service token',
  past: 'rotated',
  version: '1',
  whenAborted: 'the back end takes what the front end shows, and for a while one token more; the next run goes on from there',
  input,
  eyesFor: twoInProduction,
  gather: ({ host }, context) => upkeepOf([host], context, lacksToken),
  target: upkeep => `service token on ${namesOf(upkeep)}`,
  preview: upkeep => [
    `a new token is made on ${namesOf(upkeep)}, into files that only their owner reads; it never leaves the host, and only its fingerprint is told`,
    `${unitsOf(upkeep).backEnd} takes both, then ${unitsOf(upkeep).frontEnd} shows the new one, then the old one is retired`,
    'each is verified by a request with it, the retired one by being refused',
  ],
  steps: (upkeep, { host }) => {
    const { backEnd, frontEnd } = unitsOf(upkeep);
    return [
      part(host, 'verify', 'as it is'),
      part(host, 'make', 'make'),
      restart(host, backEnd),
      part(host, 'verify', 'both are taken'),
      part(host, 'show', 'show the new one'),
      restart(host, frontEnd),
      part(host, 'verify', 'the new one is shown'),
      part(host, 'retire', 'retire the old one'),
      restart(host, backEnd),
      part(host, 'verify', 'the old one is refused'),
    ];
  },
});
