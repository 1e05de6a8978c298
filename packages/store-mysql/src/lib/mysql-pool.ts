import type { MysqlResult, MysqlRun, MysqlValue } from "./driver.ts";

export interface MysqlConnection {
  execute(options: { sql: string; rowsAsArray: true }, values: (number | boolean | null | Bytes)[]): Promise<[unknown, unknown]>;
  release(): void;
  destroy(): void;
}

/** The part of a pool of `mysql2/promise` that is used. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
}

export interface MysqlPoolOptions {
  /**
   * Milliseconds that a statement whose caller has given up may go on before its connection is closed. Default 10,000. A connection that is
   * only slow comes back to the pool; one whose other end is gone does not block it for the quarter of an hour that TCP takes to notice.
   */
  readonly abandonAfter?: number;
}

/** mysql2 takes its Buffers only, and there is one wherever there is mysql2. */
type Bytes = Uint8Array & { readonly Buffer?: never };
declare const Buffer: { from(text: string): Bytes };

/** A pool of `mysql2/promise`. */
export function mysqlPool(pool: MysqlPool, { abandonAfter = 10_000 }: MysqlPoolOptions = {}): MysqlRun {
  return async ({ text, values }, signal) => {
    const connection = await pool.getConnection();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let released = false;
    const release = (destroy: boolean): void => {
      if (released) return;
      released = true;
      if (destroy) connection.destroy();
      else connection.release();
    };
    const abandon = (): void => void (timer = setTimeout(release, abandonAfter, true));
    signal?.addEventListener("abort", abandon);
    try {
      // The deadline may have passed while all connections were taken: then nothing is sent.
      signal?.throwIfAborted();
      const [result] = await connection.execute({ sql: text, rowsAsArray: true }, values.map(bound));
      release(false);
      return toResult(result);
    } catch (fault) {
      release(!(signal?.aborted && fault === signal.reason) && isBroken(fault));
      throw fault;
    } finally {
      signal?.removeEventListener("abort", abandon);
      clearTimeout(timer);
    }
  };
}

const bound = (value: MysqlValue): number | boolean | null | Bytes => (typeof value === "string" ? Buffer.from(value) : value);

/** A write gives a header, a query its rows, a procedure lists of rows and a header behind them. */
function toResult(result: unknown): MysqlResult {
  if (!Array.isArray(result)) return { rows: [], affected: (result as { readonly affectedRows: number }).affectedRows };
  const ofProcedure = result.length > 0 && !Array.isArray(result.at(-1));
  return { rows: ofProcedure ? result.slice(0, -1).flat() : result, affected: 0 };
}

/** A procedure that is interrupted between two writes reaches no handler: its transaction stays open until its connection is closed. */
const INTERRUPTED = [1317, 1969, 3024];
/** A primary that became a read-only replica: it would refuse every write from now on. */
const READ_ONLY = [1290, 1792, 1836];

/** Whether the connection is of no more use. After any other refusal of the server it is as good as before. */
function isBroken(fault: unknown): boolean {
  const { errno, sqlState } = fault as { readonly errno?: number; readonly sqlState?: string };
  return sqlState === undefined || sqlState.startsWith("08") || [...INTERRUPTED, ...READ_ONLY].includes(errno ?? 0);
}
