import { createMemoryStore } from "@holdfast/session-core/memory";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { sealedSessions } from "@holdfast/session-core/sealed";
import { describe, expect, it } from "vitest";
import { keys, MINUTE, signedIn, world } from "./support.ts";

describe("the routes with sealed sessions", () => {
  const json = async (response: Response): Promise<[number, unknown]> => [response.status, await response.json()];

  it("view, touch, refresh and logout are those of any session", async () => {
    const { app, clock } = world({ core: { store: sealedSessions() } });
    const browser = await signedIn(app);
    const copy = browser.copy();
    const view = await browser.get("/session");
    expect(view.headers.getSetCookie()).toEqual([]);
    expect(view.headers.get("session-deadlines")).toContain("idle=1800, absolute=28800");
    clock.advance(20 * MINUTE);
    const later = await browser.get("/session");
    expect([later.headers.getSetCookie(), await later.json()]).toMatchObject([[], { state: "active", subject: "ada", idleIn: 600 }]);
    const touched = await browser.post("/session/touch");
    expect([touched.headers.getSetCookie().length, touched.headers.get("session-deadlines")]).toMatchObject([1, expect.stringContaining("idle=1800, absolute=27600")]);
    clock.advance(MINUTE);
    const refreshed = await browser.post("/session/refresh");
    expect([refreshed.headers.getSetCookie().length, refreshed.headers.get("session-deadlines")]).toMatchObject([1, expect.stringContaining("idle=1740")]);
    expect((await json(await browser.get("/session/devices")))[1]).toMatchObject({ code: "unsupported" });
    expect(await json(await browser.post("/session/logout", { scope: "all" }))).toMatchObject([501, { code: "unsupported" }]);
    expect(await (await browser.get("/session")).json()).toEqual({ state: "none" });
    // Only the browser forgot: without revocations a copy goes on until its deadline.
    expect(await (await copy.get("/session")).json()).toMatchObject({ state: "active" });
    expect((await browser.post("/session/touch")).status).toBe(401);
  });

  it("[G10] signs out everywhere where revocations are kept", async () => {
    const { app } = world({ core: { store: sealedSessions({ revocations: { store: createMemoryStore() } }) } });
    const [here, there] = [await signedIn(app), await signedIn(app)];
    expect((await here.post("/session/logout", { scope: "all" })).status).toBe(204);
    for (const browser of [here, there]) expect((await browser.get("/session")).status).toBe(200);
    expect(await (await there.get("/session")).json()).toEqual({ state: "none", ended: "revoked" });
  });

  it("CSRF tokens belong to a sealed session as to any other, without a read", async () => {
    const { app } = world({ core: { store: sealedSessions(), csrf: createCsrfTokens({ keys }) }, session: { csrf: { mode: "double-submit" } } });
    const browser = await signedIn(app);
    const token = (await browser.get("/session")).headers.get("x-csrf-token") ?? "";
    expect((await browser.post("/session/touch")).status).toBe(403);
    expect((await browser.post("/session/touch", undefined, { "x-csrf-token": token })).status).toBe(200);
  });
});
