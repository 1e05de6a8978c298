import { betterAuth, type BetterAuthOptions } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getMigrations } from "better-auth/db/migration";
import { Hono } from "hono";
import { type Contender, onHono, type Serving } from "./contender.ts";
import { openNodeRedis, openPg } from "./engines.ts";

const BASE = "http://127.0.0.1";

/** Without plugins, rate limit and telemetry, and with a hash of passwords that costs nothing: only sessions are measured. */
const OPTIONS = {
  baseURL: BASE,
  secret: "a secret for a bench of thirty-two characters",
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true, password: { hash: async (password) => password, verify: async () => true } },
} satisfies BetterAuthOptions;

function serve(options: BetterAuthOptions): Promise<Serving> {
  const auth = betterAuth(options);
  const app = new Hono()
    // The name of the user is the application's data, as far as it keeps any.
    .get("/", async (c) => c.json({ user: (await auth.api.getSession({ headers: c.req.raw.headers }))?.user.name ?? null }))
    .get("/sign-in", async (c) => {
      const body = { email: `${crypto.randomUUID()}@bench.test`, password: "long enough", name: "user-42" };
      return auth.api.signUpEmail({ body, asResponse: true, headers: new Headers({ origin: BASE, "user-agent": c.req.header("user-agent") ?? "" }) });
    });
  return onHono(app);
}

export const BETTER_AUTH: readonly Contender[] = [
  {
    name: "better-auth, Redis as secondary storage",
    engine: "redis",
    packages: ["better-auth"],
    async start(url) {
      const redis = await openNodeRedis(url);
      const secondaryStorage = {
        get: (key: string) => redis.get(key),
        set: async (key: string, value: string, ttl?: number) => void (await redis.set(key, value, ttl ? { EX: Math.ceil(ttl) } : undefined)),
        delete: async (key: string) => void (await redis.del(key)),
        getAndDelete: (key: string) => redis.getDel(key),
        increment: (key: string) => redis.incr(key),
      };
      return serve({ ...OPTIONS, database: memoryAdapter({ user: [], session: [], account: [], verification: [] }), secondaryStorage });
    },
  },
  {
    name: "better-auth, PostgreSQL",
    engine: "postgres",
    table: "session",
    packages: ["better-auth"],
    async start(url) {
      const options = { ...OPTIONS, database: await openPg(url) };
      await (await getMigrations(options)).runMigrations();
      return serve(options);
    },
  },
];
