import { Target } from "../../src/lib/tabs/targets.ts";

// Put in the place of globals when the simulation is bundled: what follows is the same, in a fraction of the time. schedules.test.ts plays the same seeds with and
// without them.

Error.stackTraceLimit = 0;
const real = globalThis;

const parsed = new Map<string, unknown>();

/** Every tab reads the same record again and again, and changes none. */
const json = {
  stringify: real.JSON.stringify,
  parse(text: string): unknown {
    let value = parsed.get(text);
    if (value !== undefined) return value;
    value = real.JSON.parse(text);
    if (parsed.size > 500) parsed.clear();
    if (value !== null) parsed.set(text, value);
    return value;
  },
};

const addresses = new Map<string, URL>();

/** There are five of them, and nobody changes one. */
function Address(input: string | URL, base: string): URL {
  const key = `${base} ${String(input)}`;
  const url = addresses.get(key) ?? new real.URL(input, base);
  addresses.set(key, url);
  return url;
}

/** A value for each name, as much as requests of the client have. */
class Fields {
  readonly #values: Map<string, string>;

  constructor(init?: Fields | Readonly<Record<string, string>>) {
    this.#values = new Map(init instanceof Fields ? init.#values : []);
    if (init && !(init instanceof Fields)) for (const name in init) this.set(name, init[name] as string);
  }

  get = (name: string): string | null => this.#values.get(name.toLowerCase()) ?? null;
  has = (name: string): boolean => this.#values.has(name.toLowerCase());
  set = (name: string, value: string): void => void this.#values.set(name.toLowerCase(), value);
}

const REASON = new DOMException("This operation was aborted", "AbortError");

class Signal extends Target {
  aborted = false;
  reason: unknown;
}

class Controller {
  readonly signal = new Signal();

  abort(reason: unknown = REASON): void {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason;
    signal.dispatch({ type: "abort" } as Event);
  }
}

interface Init {
  readonly method?: string;
  readonly headers?: Fields | Readonly<Record<string, string>>;
  readonly signal?: Signal;
  readonly keepalive?: boolean;
}

/** Its body is nobody's business here. */
class Question {
  readonly url: string;
  readonly method: string;
  readonly headers: Fields;
  readonly signal: Signal;
  readonly keepalive: boolean;

  constructor(input: Question | URL | string, init: Init = {}) {
    const from = input instanceof Question ? input : undefined;
    this.url = from?.url ?? String(input);
    this.method = init.method ?? from?.method ?? "GET";
    this.headers = new Fields(init.headers ?? from?.headers);
    this.signal = init.signal ?? from?.signal ?? new Signal();
    this.keepalive = init.keepalive ?? from?.keepalive ?? false;
  }

  clone = (): Question => new Question(this);
}

export { Address as URL, Controller as AbortController, Fields as Headers, json as JSON, Question as Request };
