import type { StandardSchemaV1 } from "@standard-schema/spec";
import { utf8 } from "../bytes.ts";
import { configError, HoldfastError, type HoldfastErrorCode } from "../errors.ts";
import type { Stored } from "../record.ts";

export interface DataOptions<Data> {
  /**
   * Checks data on load and before each write (Standard Schema: zod, valibot, arktype...). Must be synchronous. What it makes of the data is
   * stored, so that must be plain JSON, and go through the schema again unchanged: defaults and trimmed text do, a counter does not. Not asked again about
   * a record that this process has just met.
   */
  readonly schema?: StandardSchemaV1<unknown, Data>;
  /** Data of a new session, and of one whose stored data can no longer be read. Default `{}`. */
  readonly initial?: Data;
  /** Version of the data's shape, a whole number. Default 1. */
  readonly version?: number;
  /** Turns data of an earlier version into today's. Without it such data becomes `initial`. */
  readonly migrate?: (data: unknown, from: number) => Data;
  /**
   * What the data of one session may take as JSON in UTF-8, in bytes. An intent whose result is larger throws `data_too_large`. Data that is
   * larger when it is read (written under another limit, or grown by `migrate`) can be read; the next write of it has to be smaller. Default 16,384.
   */
  readonly maxDataBytes?: number;
}

/** The one place that knows the shape of the application's data. */
export interface DataCodec<Data> {
  readonly version: number;
  readonly initial: Data;
  /** `undefined` for data that cannot be read any more: the session goes on with `initial`. */
  read(stored: unknown, version: number): Data | undefined;
  /** What is kept of the data: a frozen copy. @throws HoldfastError `invalid_data`, `data_too_large` */
  check(data: Data): Data;
}

/** Whether a write of those data would change nothing. Those of another version are read otherwise than they are written. */
export const isStored = <Data>({ version }: DataCodec<Data>, stored: Stored, data: Data): boolean =>
  stored.dataVersion === version && JSON.stringify(stored.data) === JSON.stringify(data);

export function createDataCodec<Data extends object>(options: DataOptions<Data>): DataCodec<Data> {
  const { schema, initial = {} as Data, version = 1, migrate, maxDataBytes = 16_384 } = options;
  if (!Number.isSafeInteger(version)) throw configError("version", "must be a whole number.");
  if (!Number.isSafeInteger(maxDataBytes) || maxDataBytes < 2) throw configError("maxDataBytes", "must be a whole number of bytes, at least 2.");

  const validate = (value: unknown): StandardSchemaV1.Result<Data> => {
    if (!schema) return { value: value as Data };
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) throw configError("schema", "must validate synchronously.");
    return result;
  };
  const own = (value: unknown, fault: (problem: string, code?: HoldfastErrorCode) => HoldfastError): Data => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fault("must be an object; does the update function return it?");
    const result = validate(value);
    if (result.issues) throw fault(`does not satisfy the schema: ${describe(result.issues)}`);
    let text: string;
    let kept: Data;
    try {
      text = JSON.stringify(result.value, plain);
      kept = deepFreeze(JSON.parse(text) as Data);
    } catch (error) {
      throw fault(`must be plain JSON (${String(error)})`);
    }
    if (utf8.encode(text).length > maxDataBytes) throw fault(`must not take more than ${maxDataBytes} bytes as JSON (maxDataBytes)`, "data_too_large");
    return kept;
  };

  const readOnce = (stored: unknown, from: number): Data | undefined => {
    // A copy to work on: what a schema or migrate leaves half done must not meet the next attempt.
    const copy = schema || migrate ? structuredClone(stored) : stored;
    const current = from === version ? copy : migrate?.(copy, from);
    if (typeof current !== "object" || current === null) return undefined;
    const result = validate(current);
    return result.issues ? undefined : deepFreeze(result.value);
  };
  /** The same object comes again for as long as its record is remembered. Not for what migrate makes of it, which may be of any size. */
  const known = new WeakMap<object, Data>();

  return {
    version,
    initial: own(initial, (problem) => configError("initial", `${problem}.`)),
    read(stored, from) {
      try {
        const data = known.get(stored as object);
        if (data) return data;
        const read = readOnce(stored, from);
        if (read && from === version) known.set(stored as object, read);
        return read;
      } catch {
        return undefined;
      }
    },
    check: (data) => own(data, (problem, code = "invalid_data") => new HoldfastError(code, `Session data ${problem}.`)),
  };
}

// Paths only: messages of a schema may quote the value, and the value may be private.
const describe = (issues: readonly StandardSchemaV1.Issue[]): string =>
  issues.map((issue) => (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".") || "(root)").join(", ");

/** For JSON.stringify: refuses what JSON would lose or turn into something else. Members that are undefined may go, and class instances lose their class. */
function plain(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const given = this[key];
  if (Number.isFinite(given) || (given === undefined ? !Array.isArray(this) : / (Array|Boolean|Null|Object|String)]/.test(Object.prototype.toString.call(given)))) return value;
  throw new TypeError(key);
}

/** Far below what any stack can take, so that what is written can also be read. */
const MAX_DEPTH = 200;

/** Updates are replayed on conflict, so data that one of them changed in place would be changed twice. */
function deepFreeze<T>(value: T, depth = 0): T {
  if (depth > MAX_DEPTH) throw new RangeError("too deep");
  if (typeof value !== "object" || value === null) return value;
  // Of a plain object for-in costs least, of an array it costs most.
  if (Array.isArray(value)) for (const member of value) deepFreeze(member, depth + 1);
  else for (const key in value) deepFreeze(value[key], depth + 1);
  return Object.freeze(value);
}
