import { z } from 'zod';
import type { Reading } from './health.ts';
import { safe } from './safe-text.ts';

/**
 * What any Linux host can say of itself without changing anything: each a constant script of POSIX sh with awk, that reads /proc, df, ss and package lists and ends in a
 * line `result {"readings": […]}`. Nothing from outside is ever put into one.
 */
type PlainProbe = { readonly title: string; readonly script: string };

/** Names are cut down to what can stand in a document and on a screen. */
const tame = 'gsub(/[^A-Za-z0-9\\/._ -]/, "?", m)';
const locally = 'NR > 1 && ($1 ~ "^/dev/" || $6 == "/") && !seen[$1]++';

const disks = `LC_ALL=C; export LC_ALL
{ df -P -k 2>/dev/null; echo inodes; df -P -i 2>/dev/null; } | awk '
  BEGIN { printf "result {\\"readings\\":[" }
  $1 == "inodes" { measure = 1; split("", seen); next }
  $1 == "Filesystem" { next }
  ${locally} && ($3 + $4) > 0 {
    m = $6; for (i = 7; i <= NF; i++) m = m " " $i; ${tame}
    if (measure) printf "%s{\\"measure\\":\\"host-inodes\\",\\"subject\\":\\"%s\\",\\"value\\":%.1f,\\"words\\":\\"%d of %d used\\"}", s, m, 100 * $3 / ($3 + $4), $3, $3 + $4
    else printf "%s{\\"measure\\":\\"host-disk\\",\\"subject\\":\\"%s\\",\\"value\\":%.1f,\\"words\\":\\"%.1f of %.1f GB used, %.1f GB free\\"}", s, m, 100 * $3 / ($3 + $4), $3 / 1048576, $2 / 1048576, $4 / 1048576
    s = ","
  }
  END { print "]}" }'
`;

// A host of 4 GB shows a little less, because the kernel keeps some; a disk of 50 GB is sold in powers of ten
const machine = `LC_ALL=C; export LC_ALL
cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)
disk=$(df -P -k 2>/dev/null | awk '${locally} { sum += $2 } END { printf "%d", sum }')
net=$({ cat /proc/net/route /proc/uptime /proc/net/dev; sleep 1; cat /proc/uptime /proc/net/dev; } 2>/dev/null | awk '
  NF == 2 && $1 + 0 > 0 { at[++looks] = $1; next }
  !looks { if ($2 == "00000000") leads[$1] = 1; next }
  sub(/:/, " ") && ($1 in leads) { came[looks, $1] = $2; went[looks, $1] = $10 }
  END {
    if (looks == 2 && at[2] > at[1]) for (name in leads) {
      took = at[2] - at[1]; came[1, name] = (came[2, name] - came[1, name]) / took; went[1, name] = (went[2, name] - went[1, name]) / took
      m = name; ${tame}
      if (came[1, name] >= 0 && went[1, name] >= 0)
        printf ",{\\"measure\\":\\"host-network\\",\\"subject\\":\\"%s\\",\\"value\\":%.0f,\\"words\\":\\"%.1f kB/s in, %.1f kB/s out, within %.1f s\\"}", m, came[1, name] + went[1, name], came[1, name] / 1024, went[1, name] / 1024, took
    }
  }')
awk -v cpus="$cpus" -v disk="$disk" -v net="$net" '
  $1 == "MemTotal:" { total = $2 } $1 == "MemAvailable:" { free = $2 } $1 == "SwapTotal:" { swap = $2 } $1 == "SwapFree:" { swapfree = $2 }
  FILENAME == "/proc/loadavg" { now = $1; load = $3 } FILENAME == "/proc/uptime" { up = $1 }
  END {
    if (cpus < 1) cpus = 1
    lacks = (cpus < 2) + (total < 3600000) + (disk < 47000000)
    printf "result {\\"readings\\":[{\\"measure\\":\\"host-memory\\",\\"value\\":%.1f,\\"words\\":\\"%.1f of %.1f GB available, %.1f of %.1f GB swap used\\"}", 100 * free / total, free / 1048576, total / 1048576, (swap - swapfree) / 1048576, swap / 1048576
    printf ",{\\"measure\\":\\"host-load\\",\\"value\\":%.2f,\\"words\\":\\"%s now, %s of fifteen minutes, on %d CPUs\\"}", load / cpus, now, load, cpus
    printf ",{\\"measure\\":\\"host-uptime\\",\\"value\\":%d,\\"words\\":\\"since it was started\\"}", up
    printf ",{\\"measure\\":\\"host-floor\\",\\"value\\":%d,\\"words\\":\\"%d CPUs, %.1f GB of memory, %.0f GB of disk\\"}%s]}\\n", lacks, cpus, total / 1048576, disk / 1048576, net
  }' /proc/meminfo /proc/loadavg /proc/uptime
`;

const ports = `LC_ALL=C; export LC_ALL
if command -v ss >/dev/null 2>&1; then
  ss -ltnH 2>/dev/null | awk '$4 !~ /^127\\./ && $4 !~ /^\\[::1\\]/ && $4 !~ /^\\[::ffff:127\\./ { n = split($4, p, ":"); print p[n] + 0 }' | sort -nu |
    awk '{ list = list " " $1; n++ } END { printf "result {\\"readings\\":[{\\"measure\\":\\"host-listening\\",\\"value\\":%d,\\"words\\":\\"%s\\"}]}\\n", n, n ? substr(list, 2, 400) : "none" }'
else
  echo 'result {"readings":[{"measure":"host-listening","value":null,"words":"ss is not there"}]}'
fi
`;

const security = `LC_ALL=C; export LC_ALL
if command -v apt >/dev/null 2>&1; then
  updates=$(apt list --upgradable 2>/dev/null | awk '/upgradable from/ { all++; if ($1 ~ /-security/) urgent++ } END { printf "{\\"measure\\":\\"host-updates\\",\\"value\\":%d,\\"words\\":\\"%d packages, %d of them security\\"}", urgent, all, urgent }')
else
  updates='{"measure":"host-updates","value":null,"words":"apt is not there: its own package manager knows"}'
fi
active=
for unit in nftables ufw firewalld; do systemctl is-active --quiet "$unit" 2>/dev/null && active="$active $unit"; done
if [ -n "$active" ]; then wall='"value":1,"words":"active:'$active'"'
elif { nft list ruleset | grep -q hook; } 2>/dev/null; then wall='"value":1,"words":"nftables has rules"'
elif { iptables -S | grep -qE -- '^-A INPUT|^-P INPUT (DROP|REJECT)'; } 2>/dev/null; then wall='"value":1,"words":"iptables has rules"'
elif [ "$(id -u)" = 0 ]; then wall='"value":0,"words":"neither nftables nor ufw, firewalld or iptables has rules"'
else wall='"value":null,"words":"none of nftables, ufw and firewalld is active, and our account may not see rules"'; fi
echo 'result {"readings":['"$updates"',{"measure":"host-firewall",'"$wall"'}]}'
`;

export const plainProbes: readonly PlainProbe[] = [
  { title: 'disks', script: disks },
  { title: 'memory, load, network and floor', script: machine },
  { title: 'ports that listen', script: ports },
  { title: 'updates and firewall', script: security },
];

/** Asks with everything that the profile of a host knows, where Bursar is on it; 127 where it is not. */
export const probeByBursar = ['sh', '-c', 'command -v bursar >/dev/null 2>&1 && exec bursar maintain probe; exit 127'] as const;

/** In characters. */
const [longestSubject, longestWords] = [200, 2_000];

const Read = z.object({
  readings: z
    .array(
      z.object({
        measure: z.string().regex(/^(host|platform)-[a-z-]{1,60}$/),
        subject: z.string().max(longestSubject).optional(),
        value: z.number().nullable(),
        grade: z.enum(['warn', 'bad']).nullable().optional(),
        words: z.string().max(longestWords),
      }),
    )
    .max(300),
});

const parsed = (line: string): readonly Reading[] => {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return []; // what a host calls a document may be anything
  }
  const read = Read.safeParse(document);
  if (!read.success) return [];
  return read.data.readings.map(({ measure, subject, value, grade, words }) => ({
    measure,
    value,
    words: safe(words, { max: longestWords }),
    ...(subject === undefined ? {} : { subject: safe(subject, { max: longestSubject }) }),
    ...(grade === undefined ? {} : { grade }),
  }));
};

/** What a host said: the readings of every line `result {…}` of some output. */
export const readingsIn = (output: string): readonly Reading[] =>
  output.split('\n').flatMap(line => (line.startsWith('result {') ? parsed(line.slice('result '.length)) : []));
