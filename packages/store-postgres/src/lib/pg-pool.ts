import type { PostgresRun } from "./driver.ts";

export interface PgClient {
  query(config: { name?: string; text: string; values: unknown[]; rowMode: "array" }): Promise<{ readonly rows: unknown[][] }>;
  /** With `true` the connection is closed instead of used again. */
  release(destroy?: boolean): void;
  on(event: "error", listener: () => void): unknown;
  removeListener(event: "error", listener: () => void): unknown;
}

/** The part of `pg.Pool` that is used. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

export interface PgPoolOptions {
  /** Prepares each statement once per connection and names it. `false` behind a pooler that does not keep statements apart (PgBouncer before 1.21). */
  readonly prepare?: boolean;
  /**
   * Milliseconds that a statement whose caller has given up may go on before its connection is closed. Default 10,000. A connection that is
   * only slow comes back to the pool; one whose other end is gone does not block it for the quarter of an hour that TCP takes to notice.
   */
  readonly abandonAfter?: number;
}

/** A pool of the npm package `pg`. Listen to its `error` event: an idle connection that breaks ends the process otherwise. */
export function pgPool(pool: PgPool, { prepare = true, abandonAfter = 10_000 }: PgPoolOptions = {}): PostgresRun {
  return async ({ name, text, values }, signal) => {
    const client = await pool.connect();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let released = false;
    const release = (destroy: boolean): void => {
      if (released) return;
      released = true;
      client.release(destroy);
      client.removeListener("error", heard);
    };
    // A server that goes away says so by an event, too, which would end the process if nobody listened: the pool does only to idle connections.
    client.on("error", heard);
    const abandon = (): void => void (timer = setTimeout(release, abandonAfter, true));
    signal?.addEventListener("abort", abandon);
    try {
      // The deadline may have passed while all connections were taken: then nothing is sent.
      signal?.throwIfAborted();
      const { rows } = await client.query({ ...(prepare && name !== undefined ? { name } : {}), text, values: [...values], rowMode: "array" });
      release(false);
      return rows;
    } catch (fault) {
      release(!signal?.aborted && isBroken(fault));
      throw fault;
    } finally {
      signal?.removeEventListener("abort", abandon);
      clearTimeout(timer);
    }
  };
}

/** The statement under way, or the next one, rejects with the same fault. */
const heard = (): void => undefined;

/**
 * Whether the connection is of no more use: no answer of the server at all, a shutdown, a fault inside the server, or a primary that has become
 * a read-only standby, which would refuse every write from now on. After any other refusal it is as good as before.
 */
function isBroken(fault: unknown): boolean {
  const { severity, code } = fault as { readonly severity?: unknown; readonly code?: unknown };
  return severity === undefined || /^(08|25|57P|XX)/.test(String(code));
}
