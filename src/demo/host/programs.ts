import type { Places } from './places.ts';
import { writeWhole } from './keys.ts';

/** How this very program is started again. */
export type Self = { readonly node: string; readonly program: string };

/** For a shell: within single quotes nothing has a meaning. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

const bursar = (home: string, { configFile }: Places, { node, program }: Self): string => `#!/bin/sh
# Bursar as this host has it: the database of the demo, and the host's own configuration.
BURSAR_HOME=${quoted(home)} BURSAR_CONFIG_FILE=${quoted(configFile)}
export BURSAR_HOME BURSAR_CONFIG_FILE
exec ${quoted(node)} ${quoted(program)} "$@"
`;

const unit = ({ programs }: Places): string => `#!/bin/sh
# The demo's platform, a service of the demo's host
exec ${quoted(programs)}/bursar demo platform
`;

/*
 * What systemd says and does of a service, for the one of this host: a real process of its own session, known by number and time of birth. Options that
 * change nothing here are passed over.
 */
const systemctl = String.raw`#!/bin/sh
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
verb='' unit='' lines=10 quiet='' wanted='' plain=''
while [ $# -gt 0 ]; do
  case $1 in
    --lines=*) lines=${'$'}{1#--lines=} ;;
    -n) lines=$2; shift ;;
    -q | --quiet) quiet=yes ;;
    --property=*) wanted=$wanted,${'$'}{1#--property=} ;;
    -p) wanted=$wanted,$2; shift ;;
    --value) plain=yes ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1
       elif [ -z "$unit" ]; then unit=${'$'}{1%.service}
       else echo 'the systemctl of the demo takes one unit at a time' >&2; exit 1; fi ;;
  esac
  shift
done
case $verb in
  daemon-reload) exit 0 ;;
  list-units | list-unit-files) unit=bank ;;
  start | stop | restart | reload | try-restart | status | show | is-active | is-enabled | is-failed) ;;
  *) echo "the systemctl of the demo does not know '$verb'" >&2; exit 1 ;;
esac
case $unit in '' | *[!A-Za-z0-9_.@:-]*) echo 'name a unit' >&2; exit 1 ;; esac
pid_file=$root/run/$unit.pid ready=$root/run/$unit.ready stopped=$root/run/$unit.stopped
if [ ! -x "$root/units/$unit" ]; then
  case $verb in
    is-active | is-enabled | is-failed) [ -n "$quiet" ] || echo inactive; exit 4 ;;
    show) echo "LoadState=not-found"; echo "ActiveState=inactive"; exit 0 ;;
    *) echo "Unit $unit.service could not be found." >&2; [ "$verb" = status ] && exit 4; exit 5 ;;
  esac
fi
mkdir -p "$root/run" "$root/log"
born() { cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null || echo gone; }
alive() { [ -e "$pid_file" ] && read -r pid since < "$pid_file" && [ "$(born "$pid")" = "$since" ]; }
state() { if alive; then echo active; elif [ -e "$pid_file" ]; then echo failed; else echo inactive; fi; }
end() {
  : > "$stopped"
  if alive; then
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while alive && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    alive && kill -KILL -- "-$pid" 2>/dev/null
  fi
  rm -f "$pid_file" "$ready"
}
begin() {
  rm -f "$stopped"
  alive && return 0
  rm -f "$pid_file" "$ready"
  setsid sh -c 'printf "%s %s\n" "$$" "$(cut -d " " -f 22 "/proc/$$/stat")" > "$1.part"; mv "$1.part" "$1"; exec "$2"' \
    unit "$pid_file" "$root/units/$unit" >> "$root/log/$unit.out" 2>&1 < /dev/null 8>&- &
  tries=0
  while [ ! -e "$ready" ] && [ "$tries" -lt 300 ]; do
    if [ -e "$pid_file" ] && ! alive; then break; fi
    sleep 0.1
    tries=$((tries + 1))
  done
  [ -e "$ready" ] && alive && return 0
  echo "Job for $unit.service failed: see $root/log/$unit.out" >&2
  return 1
}
one_at_a_time() { exec 8> "$root/run/systemctl.lock"; flock 8; }
case $verb in
  start) one_at_a_time; begin ;;
  stop) one_at_a_time; end ;;
  restart) one_at_a_time; end; begin ;;
  try-restart) one_at_a_time; if alive; then end; begin; fi ;;
  reload) alive || { echo "$unit.service is not active, cannot reload." >&2; exit 1; } ;;
  is-active) word=$(state); [ -n "$quiet" ] || echo "$word"; [ "$word" = active ] || exit 3 ;;
  is-failed) word=$(state); [ -n "$quiet" ] || echo "$word"; [ "$word" = failed ] ;;
  is-enabled) [ -n "$quiet" ] || echo enabled ;;
  list-units | list-unit-files) printf '%s.service loaded %s running the platform of the demo\n' "$unit" "$(state)" ;;
  show)
    pid=0
    word=$(state)
    if alive; then sub=running; else pid=0 sub=dead; fi
    printf '%s\n' "Id=$unit.service" LoadState=loaded "ActiveState=$word" "SubState=$sub" "MainPID=$pid" NRestarts=0 Result=success "UnitFileState=enabled" |
      while IFS= read -r line; do
        case "$wanted," in , | *",${'$'}{line%%=*},"*) if [ -n "$plain" ]; then echo "${'$'}{line#*=}"; else echo "$line"; fi ;; esac
      done ;;
  status)
    word=$(state)
    echo "$unit.service - the platform of the demo"
    echo "     Loaded: loaded ($root/units/$unit; enabled)"
    if [ "$word" = active ]; then
      echo "     Active: active (running) since $(date -u -r "$pid_file" '+%Y-%m-%d %H:%M:%S UTC')"
      read -r pid since < "$pid_file"
      echo "   Main PID: $pid"
    else echo "     Active: $word"; fi
    echo
    [ ! -e "$root/log/$unit.log" ] || tail -n "$lines" "$root/log/$unit.log"
    [ "$word" = active ] || exit 3 ;;
esac
`;

const journalctl = String.raw`#!/bin/sh
# The journal of the demo's host is the log of its service.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
unit=bank lines=1000 level='' day=''
while [ $# -gt 0 ]; do
  case $1 in
    -u | --unit) unit=$2; shift ;;
    --unit=*) unit=${'$'}{1#--unit=} ;;
    -u*) unit=${'$'}{1#-u} ;;
    -n | --lines) lines=$2; shift ;;
    --lines=*) lines=${'$'}{1#--lines=} ;;
    --priority=emerg | --priority=alert | --priority=crit | --priority=err | --priority=[0-3]) level=ERROR ;;
    --priority=warning | --priority=4) level='ERROR|SECURITY' ;;
    --priority=*) ;;
    --since=today) day=$(date -u +%Y-%m-%d) ;;
    -o | --output) shift ;;
    --no-pager | --output=* | --quiet | -q | --utc | --no-hostname | --) ;;
    *) echo "the journalctl of the demo does not know $1" >&2; exit 1 ;;
  esac
  shift
done
case $unit in '' | *[!A-Za-z0-9_.@:-]*) echo 'name a unit' >&2; exit 1 ;; esac
file=$root/log/${'$'}{unit%.service}.log
[ -e "$file" ] || { echo '-- No entries --'; exit 0; }
grep --text --extended-regexp -e "^$day[^ ]* ($level)" -- "$file" | tail -n "$lines"
`;

/** What would change the machine of whoever tries the demo is not done, and says so. */
const refusal = String.raw`#!/bin/sh
echo "$(basename "$0"): the demo's host changes nothing of this machine" >&2
exit 1
`;
const refused = ['sudo', 'certbot', 'reboot', 'shutdown', 'poweroff', 'halt', 'systemd-run', 'dpkg', 'snap', 'dnf', 'yum'];

const packages = String.raw`#!/bin/sh
# Packages of this machine are looked at and left as they are.
name=$(basename "$0")
case " $* " in *" update "*) echo "$name: the lists of this machine are left as they are"; exit 0 ;; esac
case "$name ${'$'}{1-}" in "apt list" | "apt-get -s" | "apt-get --simulate" | "apt-get --dry-run" | "apt-get --just-print") ;;
  *) simulated=''
     for word in "$@"; do case $word in -s | --simulate | --dry-run | --just-print | --no-act) simulated=yes ;; esac; done
     [ "$name" = apt-get ] && [ -n "$simulated" ] || { echo "$name: the demo's host changes nothing of this machine" >&2; exit 1; } ;;
esac
[ -x "/usr/bin/$name" ] || { echo "$name: this machine has none" >&2; exit 127; }
exec "/usr/bin/$name" "$@"
`;

const upgrades = String.raw`#!/bin/sh
# What would be installed is looked up and left alone.
case " $* " in *" --dry-run "*) ;; *) echo "unattended-upgrade: the demo's host changes nothing of this machine" >&2; exit 1 ;; esac
[ -x /usr/bin/unattended-upgrade ] || { echo 'unattended-upgrade: this machine has none, so nothing installs itself'; exit 0; }
exec /usr/bin/unattended-upgrade "$@"
`;

/** Writes the programs that stand first on the PATH of the demo's host: their paths change where the program was moved or updated. */
export const writePrograms = (home: string, places: Places, self: Self): void => {
  const { programs } = places;
  const scripts: Readonly<Record<string, string>> = {
    bursar: bursar(home, places, self),
    systemctl,
    journalctl,
    apt: packages,
    'apt-get': packages,
    'unattended-upgrade': upgrades,
    ...Object.fromEntries(refused.map(name => [name, refusal])),
  };
  for (const [name, script] of Object.entries(scripts)) writeWhole(`${programs}/${name}`, script, 0o700);
  writeWhole(places.unit, unit(places), 0o700);
};
