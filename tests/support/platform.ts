import { PlatformProfile } from '../../src/domain/platform-profile.ts';

/** A profile that says something of everything that runbooks are made of. */
export const aPlatform = PlatformProfile.parse({
  health: 'http://127.0.0.1:9/health',
  service: 'bank',
  proxy: 'nginx',
  logs: ['/var/log/bank/app.log'],
  certificates: ['/etc/ssl/bank.pem'],
  renewed: [{ from: '/etc/letsencrypt/live/bank/fullchain.pem', to: '/etc/ssl/bank.pem' }],
  update: { folder: '/srv/bank', steps: [['make', 'dependencies'], ['make', 'migrate']], back: [['make', 'dependencies']] },
  migrations: { status: ['make', 'show-migrations'], apply: ['make', 'migrate'] },
  checks: [['make', 'check']],
  environmentFile: '/srv/bank/.env',
  serviceToken: {
    accepted: '/srv/bank/tokens', shown: '/srv/front/token', url: 'http://127.0.0.1:9/verify', backEnd: 'bank', frontEnd: 'front',
  },
}); // prettier-ignore
