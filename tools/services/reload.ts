import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const PATIENCE = 60_000;

/**
 * Sends a master process the signal by which it takes its configuration anew, and resolves when none of the workers it had takes connections any more: new ones do then, and what the old
 * ones were answering they go on answering. Linux only: it looks at who holds the listening socket.
 */
export async function reloadMaster(pid: number, port: number, signal: "SIGHUP" | "SIGUSR2"): Promise<void> {
  const before = childrenOf(pid);
  process.kill(pid, signal);
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const sockets = listening(port);
    if (!before.some((child) => holds(child, sockets)) && childrenOf(pid).some((child) => !before.includes(child) && holds(child, sockets))) return;
    if (Date.now() > deadline) throw new Error(`the balancer with pid ${pid} did not take its configuration within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It is over.
    return "";
  }
};

const childrenOf = (pid: number): number[] => textOf(`/proc/${pid}/task/${pid}/children`).split(" ").filter((word) => word !== "").map(Number);

/** What links of /proc/PID/fd say of sockets that listen on this port. */
const listening = (port: number): ReadonlySet<string> => {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => textOf(path).split("\n").map((line) => line.trim().split(/\s+/)));
  return new Set(lines.filter(([, local, , state]) => local?.endsWith(`:${hex}`) === true && state === "0A").map((fields) => `socket:[${fields[9] ?? ""}]`));
};

const holds = (pid: number, sockets: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
};
