import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { describe, expect, it } from "vitest";
import { Browser, keys, MINUTE, ORIGIN, world } from "./support.ts";

/** A browser that keeps every credential it was ever given, and all of every answer that a script, a log or a cache could see. */
class Witness extends Browser {
  readonly credentials = new Set<string>();
  readonly seen: string[] = [];
  readonly answers: string[] = [];
  token = "";

  override async send(method: string, path: string, init: { headers?: Record<string, string>; body?: string } = {}): Promise<Response> {
    const response = await super.send(method, path, { ...init, headers: { "x-csrf-token": this.token, ...init.headers } });
    for (const line of response.headers.getSetCookie()) {
      const value = line.slice(line.indexOf("=") + 1, line.indexOf(";"));
      if (value !== "" && line.includes("-sid-")) this.credentials.add(value);
      expect(line).toContain("; HttpOnly");
    }
    this.token = response.headers.get("x-csrf-token") ?? this.token;
    const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    const body = await response.clone().text();
    this.seen.push(JSON.stringify([path, response.status, headers, body]));
    this.answers.push(`${method} ${path} ${response.status}`);
    return response;
  }
}

/** Whatever is secret in a credential: all after the id and the counters, in pieces, in case only a part got out. */
const secretsOf = (credential: string): string[] => [credential.slice(32, 54), credential.slice(54, 76), credential.slice(74)];

describe("the credential", () => {
  it("[B06] is in Set-Cookie and nowhere else in any answer or event of a whole life; all our cookies are HttpOnly", async () => {
    const setup = world({ core: { csrf: createCsrfTokens({ keys }), project: (state) => state } });
    const { app, clock, events } = setup;
    app.get("/state", (c) => c.json(c.var.session.state));
    app.get("/token", (c) => c.text(c.var.csrfToken()));
    const one = new Witness(app);
    for (const path of ["/", "/session", "/private", "/nowhere"]) await one.get(path);
    await one.post("/cart");
    await one.post("/sign-in");
    const straggler = new Witness(app);
    for (let round = 0; round < 5; round++) {
      for (const path of ["/", "/session", "/session/devices", "/private", "/admin", "/state", "/token", "/cached", "/redirect", "/nowhere", "/session/logout"]) await one.get(path);
      for (const path of ["/cart", "/session/touch", "/session/refresh", "/stream", "/throw", "/nowhere"]) await one.post(path);
      await one.post("/cart", undefined, { "x-csrf-token": "wrong" });
      await one.post("/cart", undefined, { "sec-fetch-site": "cross-site" });
      await one.post("/session/logout", { scope: "world" });
      await one.send("DELETE", "/session/devices/nonsense");
      clock.advance(11 * MINUTE);
    }
    for (const [name, value] of one.jar) straggler.jar.set(name, value);
    straggler.token = one.token;
    await one.post("/elevate");
    await one.get("/admin");
    for (const path of ["/cart", "/session/touch", "/session/logout"]) await straggler.post(path);
    setup.fail = new Error("down");
    await one.get("/private");
    setup.fail = undefined;
    const [name = "", value = ""] = [...one.jar][0] ?? [];
    const damaged = (at: number): string => `${name}=${value.slice(0, at)}${value.charAt(at) === "A" ? "B" : "A"}${value.slice(at + 1)}`;
    for (const cookie of [damaged(80), damaged(25), `${name}=${value}; ${name}=${value}`, `${name}=${value.slice(1)}`]) await one.get("/private", { cookie });
    await one.post("/session/logout", { scope: "all" });
    for (const [key, text] of straggler.jar) one.jar.set(key, text);
    for (const path of ["/private", "/session"]) await one.get(path);

    const all = [...one.seen, ...straggler.seen, JSON.stringify(events)];
    const given = [...one.credentials, ...straggler.credentials];
    expect(given.length).toBeGreaterThanOrEqual(5);
    expect(new Set(one.answers.map((answer) => Number(answer.split(" ").at(-1))))).toEqual(new Set([200, 204, 302, 400, 401, 403, 404, 500, 503]));
    for (const credential of given) {
      for (const secret of secretsOf(credential)) expect(all.filter((text) => text.includes(secret))).toEqual([]);
    }
    // The search finds what there is to find.
    expect(given.some((credential) => all.some((text) => text.includes(credential.slice(0, 24))))).toBe(true);
  });

  it("[B06] a page cannot have it told: not by asking for a bearer's answer, nor with a method that echoes", async () => {
    const { app, clock } = world();
    const browser = new Witness(app);
    await browser.post("/sign-in");
    clock.advance(2 * MINUTE);
    expect(await (await browser.post("/session/refresh", undefined, { authorization: "Bearer nonsense", accept: "application/json" })).json()).not.toHaveProperty("credential");
    for (const method of ["OPTIONS", "QUERY", "PROPFIND"]) await browser.send(method, "/session/refresh");
    expect(() => new Request(ORIGIN, { method: "TRACE" })).toThrow();
    for (const secret of [...browser.credentials].flatMap(secretsOf)) expect(browser.seen.filter((text) => text.includes(secret))).toEqual([]);
  });
});
