import { z } from 'zod';

/** A whole path of a file or a folder. */
export const Place = z.string().regex(/^\/[^\0\n]*$/, 'is a whole path, such as /srv/bank/media');
export const ServiceUnit = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@-]{0,120}$/, 'is the name of a service, such as bank');

/** A program and its arguments, as they are given to it: no shell reads them. */
const Words = z
  .tuple([z.string().regex(/^[A-Za-z0-9_./][A-Za-z0-9_./+-]{0,200}$/, 'begins with a program')], z.string().max(1_000))
  .refine(words => words.length <= 50 && words.every(word => !/[\0\r\n]/.test(word)), 'are at most fifty words of one line each');

/** How a new version gets onto a host: each step in the folder of the platform, in this order. */
const Update = z.strictObject({
  /** A checkout of git. */
  folder: Place,
  /** How the new version comes. */
  pull: Words.default(['git', 'pull', '--ff-only']),
  /** Dependencies, migrations, static files, tests. */
  steps: z.array(Words).min(1).max(40),
  /** After an earlier release was taken up again: dependencies and static files; migrations are not taken back. */
  back: z.array(Words).max(40).default([]),
});

/** The migrations of the platform itself, in the folder of its update. */
const PlatformMigrations = z.strictObject({ status: Words, apply: Words });

/** What certbot renewed is copied to where the platform reads it. */
const CertificateCopy = z.strictObject({ from: Place, to: Place });

const variableKinds = ['text', 'secret', 'url', 'number', 'switch', 'list'] as const;

/** A variable that the platform reads; its value never leaves the host. */
const PlatformVariable = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]{0,80}$/, 'is the name of a variable, such as SECRET_KEY'),
  kind: z.enum(variableKinds).default('text'),
  required: z.boolean().default(true),
  /** A switch that must be off in production. */
  onlyInDevelopment: z.boolean().default(false),
});
export type PlatformVariable = z.output<typeof PlatformVariable>;

/** What platforms of this kind read where the profile names nothing else. */
export const usualVariables: readonly PlatformVariable[] = [
  { name: 'SECRET_KEY', kind: 'secret', required: true, onlyInDevelopment: false },
  { name: 'DATABASE_URL', kind: 'url', required: true, onlyInDevelopment: false },
  { name: 'REDIS_URL', kind: 'url', required: false, onlyInDevelopment: false },
  { name: 'SERVICE_TO_SERVICE_SECRET', kind: 'secret', required: true, onlyInDevelopment: false },
  { name: 'CSRF_TRUSTED_ORIGINS', kind: 'list', required: false, onlyInDevelopment: false },
  { name: 'ADMIN_IP_ALLOWLIST', kind: 'list', required: false, onlyInDevelopment: false },
  { name: 'MAINTENANCE_MODE', kind: 'switch', required: false, onlyInDevelopment: false },
  { name: 'DISABLE_SHARING', kind: 'switch', required: false, onlyInDevelopment: false },
  { name: 'SKIP_SERVICE_AUTH', kind: 'switch', required: false, onlyInDevelopment: true },
];

/** The token that the front end shows to the back end in the header X-Service-Token. */
const ServiceToken = z.strictObject({
  /** Tokens that the back end takes, one a line; only its owner reads it. */
  accepted: Place,
  /** The token that the front end shows; only its owner reads it. */
  shown: Place,
  /** Answers 200 to a token that is taken and 401 or 403 to any other. */
  url: z.url({ protocol: /^https?$/ }),
  backEnd: ServiceUnit,
  frontEnd: ServiceUnit,
});

/** How the platform is kept up: what the runbooks of updates, certificates, variables and secrets are made of. Nobody types any of it at a console. */
export const upkeepShape = {
  update: Update.optional(),
  migrations: PlatformMigrations.optional(),
  /** Must all succeed after an update: `manage.py check --deploy` and the like, in the folder of the update. */
  checks: z.array(Words).max(20).default([]),
  /** The unit before the platform, such as nginx: reloaded after an update and after a renewal. */
  proxy: ServiceUnit.optional(),
  renewed: z.array(CertificateCopy).max(20).default([]),
  /** Where the variables of the platform stand, as NAME=value. */
  environmentFile: Place.optional(),
  environment: z.array(PlatformVariable).max(200).optional(),
  serviceToken: ServiceToken.optional(),
  /** Where logrotate looks for its parts. */
  rotations: Place.default('/etc/logrotate.d'),
} as const;
