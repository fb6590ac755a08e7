import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { failpoint } from '../failpoint.ts';

/**
 * The sentinel is one small shell beside the worker. It knows the process groups of the living executors, and when its
 * standard input ends without a farewell, because the worker died in whatever way, it kills them: an executor whose
 * event loop is blocked would not notice by itself.
 */
const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r op group; do
  case $op in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

const watched = new Set<number>();
let users = 0;
let shell: ChildProcess | null = null;

/** One more pool needs the sentinel; it starts with the first executor. */
export function openSentinel(): void {
  users++;
}

/** One pool less; with the last the sentinel ends. */
export function closeSentinel(): void {
  if (--users > 0) return;
  shell?.stdin?.end();
  shell = null;
}

/** This process group has to die with this process. */
export function watchGroup(pgid: number): void {
  watched.add(pgid);
  if (shell) tell(`+ ${pgid}\n`);
  else start();
}

/** This process group has ended. */
export function unwatchGroup(pgid: number): void {
  if (watched.delete(pgid)) tell(`- ${pgid}\n`);
}

/** Without a shell to spawn, executors still end themselves when their channel closes: not worth failing a job. */
function start(): void {
  const started = spawn('/bin/sh', ['-c', SCRIPT, 'rqt-sentinel'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  const gone = () => {
    if (shell === started) shell = null;
  };
  shell = started;
  started.on('error', gone).on('exit', gone).unref();
  started.stdin?.on('error', gone);
  // A pipe to a child is a socket, whatever its type says; neither may keep the worker alive.
  if (started.stdin instanceof Socket) started.stdin.unref();
  if (__FAILPOINTS__) failpoint('sentinel.started');
  for (const pgid of watched) tell(`+ ${pgid}\n`);
}

function tell(line: string): void {
  shell?.stdin?.write(line);
}
