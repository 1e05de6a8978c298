import { spawn } from "node:child_process";

/**
 * $1 is the folder, $2 the signal that asks for a clean end. It is told the pid of the child, and an empty line when that has ended. When nobody is left to
 * tell, it ends the child, which may be stopped or deaf, and removes the folder, which a program may still be writing to.
 */
const SCRIPT = `
# One that nobody took note of is over all the same.
alive() { kill -0 "$pid" && ! grep -q "^State:.*Z" "/proc/$pid/status"; }
pid=
while read -r line; do pid=$line; done
patience=100
if [ -n "$pid" ]; then
  kill -CONT "$pid"
  kill "-$2" "$pid"
  while alive && [ $((patience -= 1)) -gt 0 ]; do sleep 0.1; done
  kill -KILL "$pid"
fi
patience=100
[ -z "$1" ] || until rm -rf "$1" || [ $((patience -= 1)) -le 0 ]; do sleep 0.1; done
`;

export interface Watcher {
  /** What is to be ended when we are gone: the child with this pid, or none. */
  watches(pid: number | undefined): void;
  /** The child is over, and its folder removed. */
  close(): void;
}

/**
 * A process beside this one that survives it, for one child of ours. What it waits for is the end of a pipe, which the system closes however we end: by an
 * exit, a signal, or one that nobody can handle. A parent-death signal would do only on Linux, and removes no folder.
 * @param folder of the child alone; "" for none
 */
export function watcherOf(folder: string, signal: NodeJS.Signals): Watcher {
  // In a session of its own: Ctrl-C at a terminal is for all of ours.
  const { stdin } = spawn("/bin/sh", ["-c", SCRIPT, "sh", folder, signal.slice("SIG".length)], { cwd: "/", detached: true, stdio: ["pipe", "ignore", "ignore"] });
  // Without it there are only leftovers.
  stdin.on("error", () => undefined);
  return {
    watches: (pid) => void stdin.write(`${pid ?? ""}\n`),
    close: () => void stdin.end("\n"),
  };
}
