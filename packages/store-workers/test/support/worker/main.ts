// What runs in workerd: both stores on their bindings, and a door through which the tests call their verbs.
import { createSessions, generateKeys, type Sessions } from "@holdfast/session-core";
import { type SessionId, type SessionStore, systemClock } from "@holdfast/session-core/store";
import { createD1Store, type D1Database, type D1Value, d1Schema } from "@holdfast/store-workers/d1";
import { createDurableObjectStore, type SessionsNamespace } from "@holdfast/store-workers/durable-object";
import { VERBS } from "../../../../session-core/src/lib/store-deadline.ts";
import type { Call, Reply } from "../remote-store.ts";
import { meteredDatabase, type Rows } from "./meter.ts";
import { objectRows, type TestObject } from "./test-object.ts";

export { TestObject } from "./test-object.ts";

interface Env {
  readonly SESSIONS: Pick<SessionsNamespace, "idFromName"> & { get(id: unknown): ReturnType<SessionsNamespace["get"]> & Pick<TestObject, "inspect" | "breakOn" | "clean" | "crash"> };
  readonly DB: D1Database;
}

const d1Rows: Rows = { written: 0, read: 0 };
/** What was counted since the last time. */
const taken = (rows: Rows): Rows => {
  const counted = { ...rows };
  rows.written = rows.read = 0;
  return counted;
};

/** Why a call is given up whose signal has fired. */
const FIRED = new Error("fired");

type Verbs = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

async function answer({ store, verb, args, fired }: Call, env: Env): Promise<unknown> {
  const [name, table] = store.split(":");
  const chosen = name === "d1" ? createD1Store(meteredDatabase(env.DB, d1Rows), table === undefined ? {} : { table }) : createDurableObjectStore(env.SESSIONS);
  const at = VERBS[verb];
  const given = Array.from({ length: at + 1 }, (_, i) => args[i] ?? undefined);
  const controller = new AbortController();
  if (fired) controller.abort(FIRED);
  given[at] = { ...(given[at] as object | undefined), signal: controller.signal };
  return (chosen as unknown as Verbs)[verb]?.(...given);
}

const objectOf = ({ SESSIONS }: Env, partition: string): ReturnType<Env["SESSIONS"]["get"]> => SESSIONS.get(SESSIONS.idFromName(partition));

/** Sessions of this isolate, whose next write to the store may take for ever, and a clock that goes on by itself where somebody visits. */
let stalls = false;
let stalling = false;
let ahead = 0;
const credentials = new Map<string, string>();
let made: Sessions<{ readonly steps: number }> | undefined;
const sessionsOf = ({ SESSIONS }: Env): NonNullable<typeof made> => {
  const store: SessionStore = createDurableObjectStore(SESSIONS);
  const stall = async (): Promise<void> => {
    stalling = stalls;
    if (stalls) await new Promise((resolve) => void setTimeout(resolve, 3_600_000));
  };
  const update: SessionStore["update"] = async (...args) => (await stall(), store.update(...args));
  const touch: SessionStore["touch"] = async (...args) => (await stall(), store.touch(...args));
  return (made ??= createSessions({ store: { ...store, update, touch }, keys: generateKeys(), storeTimeout: 1000, clock: { ...systemClock, now: () => Date.now() + ahead } }));
};

const tools: Readonly<Record<string, (env: Env, argument: string) => unknown>> = {
  inspect: (env, partition) => objectOf(env, partition).inspect(),
  clean: (env, partition) => objectOf(env, partition).clean(),
  crash: (env, partition) => objectOf(env, partition).crash(),
  breakOn: (env, partition) => objectOf(env, partition).breakOn("breaks"),
  async issue(env) {
    const { state, credential } = await sessionsOf(env).issue("ada", { steps: 0 });
    credentials.set(state.id, credential.reveal());
    return state.id;
  },
  /** A request that has to touch the session, on a runtime that lets nothing outlive it. */
  async visit(env, argument) {
    const [id = "", how] = argument.split(":");
    stalls = how === "stalls";
    ahead = 5 * 60_000;
    const session = await sessionsOf(env).open(credentials.get(id) ?? "");
    return (await session.commit()).state.kind;
  },
  step: async (env, argument) => {
    const [id = "", how] = argument.split(":");
    stalls = how === "stalls";
    await sessionsOf(env).update(id as SessionId, ({ steps }) => ({ steps: steps + 1 }));
    return (await sessionsOf(env).get(id as SessionId))?.data.steps;
  },
  rows: async (_env, store) => taken(store.startsWith("d1") ? d1Rows : objectRows),
  stalling: async () => stalling,
  schema: (env, table) => {
    const session = env.DB.withSession("first-primary");
    return session.batch(d1Schema({ table }).map((text) => session.prepare(text)));
  },
  sql: (env, argument) => {
    const { text, values } = JSON.parse(argument) as { readonly text: string; readonly values: D1Value[] };
    return env.DB.withSession("first-primary").prepare(text).bind(...values).all();
  },
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const call = (await request.json()) as Call | { readonly tool: string; readonly argument: string };
    let reply: Reply;
    try {
      reply = { value: "tool" in call ? await tools[call.tool]?.(env, call.argument) : await answer(call, env) };
    } catch (fault) {
      const { name, message } = fault as Error;
      reply = { fault: fault === FIRED ? "fired" : { name, message } };
    }
    return Response.json(reply);
  },
};
