import { spawn } from 'node:child_process';

/**
 * Ends that process and removes the folders when this process dies without tearing down, by kill -9 included: a shell
 * outlives it just long enough, because the pipe to it closes then. Call it off before the folders belong to somebody else.
 */
export const endWhenOrphaned = (
  pid: number,
  signal: 'QUIT' | 'KILL',
  folders: readonly string[],
): { callOff(): void } => {
  const script =
    'pid=$1; signal=$2; shift 2; if read -r line; then exit; fi; kill -s "$signal" "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; rm -rf "$@"';
  const watcher = spawn('/bin/sh', ['-c', script, 'watch', String(pid), signal, ...folders], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  return { callOff: () => void watcher.stdin.end('nothing is left to do\n') };
};
