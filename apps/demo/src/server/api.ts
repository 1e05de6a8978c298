import { type Clock, reject } from "@holdfast/session-core";
import { problem, requireFresh, requireSession, type SessionEnv } from "@holdfast/session-hono";
import { type Context, Hono } from "hono";
import type { VerifyPassword } from "./accounts.ts";
import { isText, LIMITS, type PortalData } from "./data.ts";
import { deviceLabel } from "./device-label.ts";
import { BadInput, boundedBody, member, readObject } from "./input.ts";

export type PortalEnv = SessionEnv<PortalData>;

export interface ApiOptions {
  readonly clock: Clock;
  readonly verifyPassword: VerifyPassword;
  /** What the harbour office shows. */
  readonly facts: Readonly<Record<string, string>>;
}

/** The authentication context that only `POST /api/elevate` gives. */
const STEPPED_UP = "urn:holdfast:demo:stepped-up";
const FRESH_FOR = 5 * 60_000;
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

type ApiContext = Context<PortalEnv>;

export function api({ clock, verifyPassword, facts }: ApiOptions): Hono<PortalEnv> {
  const app = new Hono<PortalEnv>();
  app.use(boundedBody());

  app.post("/sign-in", async (c) => {
    const body = await readObject(c.req);
    const username = member(body, "username");
    const password = member(body, "password");
    if (!isText(username, LIMITS.username)) throw new BadInput(`username must be text of 1 to ${LIMITS.username} characters.`);
    if (!isText(password, LIMITS.password)) throw new BadInput(`password must be text of 1 to ${LIMITS.password} characters.`);
    const began = clock.now();
    if (!(await verifyPassword(username, password))) return refuse(401, "The user name or the password is wrong.");
    const { session } = c.var;
    const before = await session.load();
    session.start(username, {}, { carry: ["cart"], authenticatedAt: began, acr: "urn:holdfast:demo:password", amr: ["pwd"], device: deviceLabel(c.req.header("user-agent")) });
    // The answer says what was written, so it is written first.
    const { state } = await session.commit();
    if (state.kind !== "active") return problem("unavailable");
    return c.json({ id: state.id, subject: state.subject, cart: state.data.cart, ...(before.kind === "none" ? {} : { previousId: before.id }) });
  });

  app.get("/cart", async (c) => {
    const state = await c.var.session.load();
    return c.json({ items: state.kind === "none" ? [] : state.data.cart });
  });

  app.post("/cart", async (c) => {
    const item = member(await readObject(c.req), "item");
    if (!isText(item, LIMITS.item)) throw new BadInput(`item must be text of 1 to ${LIMITS.item} characters.`);
    return change(c, (data) => {
      if (data.cart.length >= LIMITS.cart) reject(`The cart is full: ${LIMITS.cart} things at most.`);
      return { ...data, cart: [...data.cart, item] };
    }, cartOf);
  });

  app.delete("/cart/:item", async (c) => {
    const item = c.req.param("item");
    const state = await c.var.session.load();
    if (state.kind === "none" || !state.data.cart.includes(item)) return problem("not_found", { detail: "The cart does not hold that." });
    return change(c, (data) => {
      const at = data.cart.lastIndexOf(item);
      return at < 0 ? data : { ...data, cart: data.cart.toSpliced(at, 1) };
    }, cartOf);
  });

  app.get("/prefs", async (c) => {
    const state = await c.var.session.load();
    return c.json(state.kind === "none" ? {} : state.data.prefs);
  });

  app.post("/prefs", async (c) => {
    const body = await readObject(c.req);
    const key = member(body, "key");
    const value = member(body, "value");
    if (!isText(key, LIMITS.key) || !KEY.test(key)) throw new BadInput(`key must be 1 to ${LIMITS.key} letters, digits or any of . _ - and begin with a letter or digit.`);
    if (!isText(value, LIMITS.value, 0)) throw new BadInput(`value must be text of at most ${LIMITS.value} characters.`);
    return change(c, (data) => {
      if (!Object.hasOwn(data.prefs, key) && Object.keys(data.prefs).length >= LIMITS.prefs) reject(`No more than ${LIMITS.prefs} preferences are kept.`);
      return { ...data, prefs: { ...data.prefs, [key]: value } };
    }, ({ prefs }) => prefs);
  });

  app.post("/elevate", requireSession<PortalData>(), async (c) => {
    const password = member(await readObject(c.req), "password");
    if (!isText(password, LIMITS.password)) throw new BadInput(`password must be text of 1 to ${LIMITS.password} characters.`);
    const { session, active } = c.var;
    if (!(await verifyPassword(active.subject, password))) return refuse(403, "The password is wrong.");
    session.elevate({ reauthenticated: true, acr: STEPPED_UP, amr: ["pwd"] });
    // The credential with the new rights is only ever the one that this answer sets.
    await session.commit();
    return c.json({ id: active.id, freshFor: FRESH_FOR / 1000 });
  });

  const fresh = requireFresh<PortalData>({ maxAge: FRESH_FOR, acr: STEPPED_UP, now: () => clock.now() });
  app.get("/admin", requireSession<PortalData>(), fresh, (c) => {
    const { subject, authenticatedAt } = c.var.active;
    return c.json({ subject, freshFor: Math.max(0, Math.floor((authenticatedAt + FRESH_FOR - clock.now()) / 1000)), facts });
  });

  // The application's own data, not the session's: it outlives it. This shop forgets it with the process.
  const notes = new Map<string, string>();
  app.get("/note", requireSession<PortalData>(), (c) => c.json({ note: notes.get(c.var.active.subject) ?? "" }));
  app.post("/note", requireSession<PortalData>(), async (c) => {
    const note = member(await readObject(c.req), "note");
    if (!isText(note, LIMITS.note, 0)) throw new BadInput(`note must be text of at most ${LIMITS.note} characters.`);
    notes.set(c.var.active.subject, note);
    return c.json({ note });
  });

  app.all("*", () => problem("not_found"));
  return app;
}

const cartOf = ({ cart }: PortalData): unknown => ({ items: cart });

/** Writes first and answers from what was written. A session that is over is not quietly replaced by a guest's. */
async function change(c: ApiContext, update: (data: PortalData) => PortalData, answer: (data: PortalData) => unknown): Promise<Response> {
  const { session } = c.var;
  const before = await session.load();
  if (before.kind === "none" && before.ended) return problem("expired", { members: { ended: before.ended } });
  session.update(update);
  const { state } = await session.commit();
  return state.kind === "none" ? problem("expired") : c.json(answer(state.data));
}

/** The application's own refusal: no type, so that no client takes it for a verdict on the session. */
function refuse(status: number, title: string): Response {
  const body = JSON.stringify({ type: "about:blank", title, status });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } });
}
