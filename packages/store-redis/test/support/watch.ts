/** What it takes of a client of node-redis. */
interface Watched {
  readonly isReady: boolean;
  info(section: string): Promise<string>;
  destroy(): void;
  connect(): Promise<unknown>;
}

/** As the README shows it: a connection that is dead, or that leads to a master which became a replica, is given up. Returns what ends it. */
export function watch(redis: Watched, every: number): () => void {
  const timer = setInterval(async () => {
    if (!redis.isReady) return;
    const demoted = redis.info("replication").then((told) => told.includes("role:slave"), () => false);
    const late = new Promise<boolean>((resolve) => void setTimeout(resolve, every, true));
    if (!(await Promise.race([demoted, late])) || !redis.isReady) return;
    redis.destroy();
    // It tries again for ever, unless somebody closes it meanwhile.
    await redis.connect().catch(() => undefined);
  }, every);
  return () => clearInterval(timer);
}
