import path from 'node:path';
import { logStateWords } from '../../domain/host-news.ts';
import { safe } from '../../domain/safe-text.ts';
import { isTroubled, missingOf } from '../state/log-hosts.ts';
import type { FollowedHost, LogsState } from '../state/log-types.ts';
import { paint, within } from '../theme.ts';

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** Logs that began anew, with the time. */
const changesOf = ({ files }: FollowedHost): string => {
  const changes = Object.entries(files)
    .filter(([, { state }]) => state === 'rotated' || state === 'truncated' || state === 'replaced')
    .map(([file, { state, at }]) => `${path.basename(file)} ${state} ${clock(at)}Z`);
  return changes.length === 0 ? '' : ` (${changes.join(', ')})`;
};

const troubleOf = (host: FollowedHost, now: number, width: number): string => {
  const name = safe(host.host, { max: 80 });
  if (host.state === 'given-up') return paint(within(`  ${name}: given up: ${safe(host.why, { max: 400 })}`, width), 'bad');
  if (host.state === 'lost') {
    const seconds = Math.max(0, Math.ceil((host.againAt - now) / 1_000));
    const when = seconds === 0 ? 'reconnecting now' : `reconnecting in ${seconds} s`;
    return paint(within(`  ${name}: ${when}: ${safe(host.why, { max: 400 })}`, width), 'warn');
  }
  const logs = missingOf(host).map(file => `${path.basename(file)} ${logStateWords[host.files[file]?.state ?? 'absent']}`);
  return paint(within(`  ${name}: ${safe(logs.join(', '), { max: 400 })}`, width), 'warn');
};

const together = (hosts: readonly FollowedHost[], word: string, width: number): readonly string[] =>
  hosts.length === 0
    ? []
    : [within(`  ${word} ${safe(hosts.map(host => `${host.host}${changesOf(host)}`).join(', '), { max: 2_000 })}`, width)];

/** What is known of the hosts: those that are followed in one line, each that has trouble in one of its own. */
export const hostStateLines = ({ hosts, ended }: LogsState, now: number, width: number, height: number): readonly string[] => {
  const calm = hosts.filter(host => !isTroubled(host));
  const lines = [
    ...hosts.filter(isTroubled).map(host => troubleOf(host, now, width)),
    ...together(calm.filter(({ state }) => state === 'followed'), ended === undefined ? 'following' : 'no longer following', width).map(line => paint(line, ended === undefined ? 'good' : 'dim')),
    ...together(calm.filter(({ state }) => state === 'asked'), 'connecting to', width).map(line => paint(line, 'dim')),
  ]; // prettier-ignore
  if (lines.length <= height) return lines;
  return [
    ...lines.slice(0, Math.max(0, height - 1)),
    paint(`  and ${lines.length - Math.max(0, height - 1)} more lines about hosts`, 'dim'),
  ];
};
