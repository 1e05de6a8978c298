import { type App, signIn, USER } from "./app.ts";
import { bareExpress, bareFastify, bareHono, floor } from "./apps/bare.ts";
import { holdfast } from "./apps/holdfast.ts";
import { expressSessions, fastifySessions, honoSession, honoSessions, ironSession } from "./apps/peers.ts";
import type { Case, Host } from "./measure.ts";
import { microCases } from "./micro.ts";

const HERE = JSON.stringify({ user: USER.user });
/** Two generations of credentials and records hold fewer (src/lib/remember.ts of the core). */
const CROWD = 24_000;
const NOBODY = JSON.stringify({ user: null });

/** Every row of the tables, signed in and ready to run. */
export async function createCases(): Promise<Case[]> {
  const eager = holdfast();
  const crowd = holdfast();
  const lazy = holdfast({ lazy: true });
  const credential = await signIn(eager);
  const forged = credential.slice(0, -1) + (credential.endsWith("A") ? "B" : "A");
  const peers: readonly (readonly [name: string, host: Host, app: App])[] = [
    ["hono-sessions, memory store", "Hono", honoSessions()],
    ["@hono/session, storage in a Map", "Hono", honoSession()],
    ["iron-session, all in the cookie", "Hono", ironSession()],
    ["express-session, memory store", "Express", expressSessions()],
    ["@fastify/session, memory store", "Fastify", await fastifySessions(true)],
    ["@fastify/session, rolling off", "Fastify", await fastifySessions(false)],
  ];
  return [
    request("bare Hono", "Hono", bareHono(), { expected: HERE, bare: true }),
    request("bare Express", "Express", bareExpress(), { expected: HERE, bare: true }),
    request("bare Fastify", "Fastify", await bareFastify(), { expected: HERE, bare: true }),
    await signedIn("floor: cookie, SHA-256, Map", "Hono", floor()),
    request("Holdfast, signed-in read", "Hono", eager, { cookie: credential, expected: HERE }),
    request("Holdfast, signed-in read, nothing remembered", "Hono", crowd, { cookie: await inTurn(crowd), expected: HERE }),
    request("Holdfast, forged credential", "Hono", eager, { cookie: forged, expected: NOBODY }),
    request("Holdfast, visitor", "Hono", eager, { expected: NOBODY }),
    request("Holdfast, visitor, lazy and untouched", "Hono", lazy, { path: "/static", expected: NOBODY }),
    request("Holdfast, update (one write)", "Hono", eager, { path: "/write", cookie: await signIn(eager), expected: HERE }),
    ...(await Promise.all(peers.map(([name, host, app]) => signedIn(name, host, app)))),
    ...(await microCases()),
  ];
}

interface Options {
  readonly path?: string;
  readonly cookie?: string | (() => string);
  readonly expected: string;
  readonly bare?: boolean;
}

function request(name: string, host: Host, app: App, { path = "/", cookie, expected, bare = false }: Options): Case {
  const run = async (): Promise<() => Promise<string>> => {
    const answer = await app.get(path, typeof cookie === "function" ? cookie() : cookie);
    if (answer.status !== 200) throw new Error(`${name} answered ${answer.status}`);
    return answer.text;
  };
  return { name, kind: bare ? "bare" : "session", host, run, expected, packages: app.packages };
}

/** More sessions than a process remembers, one after the other. */
async function inTurn(app: App): Promise<() => string> {
  const cookies: string[] = [];
  while (cookies.length < CROWD) cookies.push(await signIn(app));
  let next = 0;
  return () => cookies[next++ % CROWD] ?? "";
}

const signedIn = async (name: string, host: Host, app: App): Promise<Case> => request(name, host, app, { cookie: await signIn(app), expected: HERE });
