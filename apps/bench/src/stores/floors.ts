import { Hono } from "hono";
import { setCookie, getCookie } from "hono/cookie";
import { USER } from "../app.ts";
import { type Contender, onHono } from "./contender.ts";
import { openIoredis, openNodeRedis, openPg, openPostgresJs } from "./engines.ts";

/** What the engine holds for the floors: as long as a session. */
const VALUE = JSON.stringify(USER);

const FLOOR_TABLE = "CREATE TABLE IF NOT EXISTS floor (id text PRIMARY KEY, body text NOT NULL, expires_at bigint NOT NULL)";

interface Floor {
  /** Puts a value under a name. */
  put(name: string): Promise<unknown>;
  get(name: string): Promise<string | null>;
}

function appOn({ put, get }: Floor): Hono {
  return new Hono()
    .get("/", async (c) => c.json({ user: JSON.parse((await get(getCookie(c, "sid") ?? "")) ?? "{}").user ?? null }))
    .get("/sign-in", async (c) => {
      const name = crypto.randomUUID();
      await put(name);
      setCookie(c, "sid", name);
      return c.text("ok");
    });
}

/** The least that a request can cost: the host alone, and the host with one read by the same client. */
export const FLOORS: readonly Contender[] = [
  {
    name: "bare Hono",
    engine: "redis",
    packages: ["hono", "@hono/node-server"],
    start: () => onHono(new Hono().get("/", (c) => c.json({ user: USER.user })).get("/sign-in", (c) => (setCookie(c, "sid", "none"), c.text("ok")))),
  },
  {
    name: "bare Hono + one GET, node-redis",
    engine: "redis",
    packages: ["redis"],
    async start(url) {
      const redis = await openNodeRedis(url);
      return onHono(appOn({ put: (name) => redis.set(name, VALUE, { PX: 1_800_000 }), get: (name) => redis.get(name) }));
    },
  },
  {
    name: "bare Hono + one GET, ioredis",
    engine: "redis",
    packages: ["ioredis"],
    async start(url) {
      const redis = await openIoredis(url);
      return onHono(appOn({ put: (name) => redis.set(name, VALUE, "PX", 1_800_000), get: (name) => redis.get(name) }));
    },
  },
  {
    name: "bare Hono + one named SELECT, pg",
    engine: "postgres",
    table: "floor",
    packages: ["pg"],
    async start(url) {
      const pool = await openPg(url);
      await pool.query(FLOOR_TABLE);
      return onHono(
        appOn({
          put: (name) => pool.query({ name: "put", text: "INSERT INTO floor VALUES ($1, $2, $3)", values: [name, VALUE, Date.now() + 1_800_000] }),
          get: async (name) => (await pool.query<[string]>({ name: "get", text: "SELECT body FROM floor WHERE id = $1 AND expires_at > $2", values: [name, Date.now()], rowMode: "array" })).rows[0]?.[0] ?? null,
        }),
      );
    },
  },
  {
    name: "bare Hono + one named SELECT, postgres.js",
    engine: "postgres",
    table: "floor",
    packages: ["postgres"],
    async start(url) {
      const sql = openPostgresJs(url);
      await sql.unsafe(FLOOR_TABLE);
      return onHono(
        appOn({
          put: (name) => sql`INSERT INTO floor VALUES (${name}, ${VALUE}, ${Date.now() + 1_800_000})`,
          get: async (name) => (await sql<{ readonly body: string }[]>`SELECT body FROM floor WHERE id = ${name} AND expires_at > ${Date.now()}`)[0]?.body ?? null,
        }),
      );
    },
  },
];
