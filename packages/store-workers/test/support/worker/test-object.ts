import { type ObjectState, SessionsObject } from "@holdfast/store-workers/durable-object";
import { meteredState, type Rows } from "./meter.ts";

/** Of all objects together. */
export const objectRows: Rows = { written: 0, read: 0 };

/** The object as it is, and a look into its storage. */
export class TestObject extends SessionsObject {
  readonly #state: ObjectState & { abort(): void };

  constructor(state: ObjectState & { abort(): void }, env: unknown) {
    super(meteredState(state, objectRows), env);
    this.#state = state;
  }

  async inspect(): Promise<{ readonly tables: string[]; readonly rows: number; readonly alarm: number | null }> {
    const { sql } = this.#state.storage;
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray().map((row) => (row as { readonly name: string }).name);
    const rows = tables.includes("sessions") ? sql.exec("SELECT 1 FROM sessions").toArray().length : 0;
    return { tables, rows, alarm: await this.#state.storage.getAlarm() };
  }

  /** What is in memory is lost. */
  crash(): void {
    this.#state.abort();
  }

  /** As if it were time. */
  clean(): Promise<void> {
    return this.alarm();
  }

  /** From now on no row with this body can be written. */
  breakOn(body: string): void {
    this.#state.storage.sql.exec(`CREATE TRIGGER broken BEFORE INSERT ON sessions WHEN NEW.body = '${body}' BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END`);
  }
}
