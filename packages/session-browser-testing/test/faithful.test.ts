import { createTestServer } from "@holdfast/session-browser-testing";
import { expect, it } from "vitest";
import { Jar } from "../src/lib/tabs/jar.ts";
import { Model } from "./sim/model.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const IDLE = 10 * MINUTE;
const ABSOLUTE = 25 * MINUTE;

type Step = readonly ["ask" | "touch" | "poll" | "data" | "logout" | "sign-in" | "revoke" | "late touch"] | readonly ["wait", number] | readonly ["keep"];

/** What is done to both servers, and compared after each request. `late touch` is sent with the cookies that were kept. */
const SCENARIOS: readonly (readonly Step[])[] = [
  [["ask"], ["touch"], ["data"], ["logout"]],
  [["sign-in"], ["ask"], ["wait", 3 * MINUTE], ["ask"], ["poll"], ["ask"], ["data"], ["ask"], ["wait", 30 * SECOND], ["data"], ["ask"], ["touch"], ["ask"]],
  [["sign-in"], ["wait", IDLE - 1], ["ask"], ["wait", 1], ["ask"], ["touch"], ["data"], ["logout"], ["ask"]],
  [["sign-in"], ["wait", 9 * MINUTE], ["touch"], ["wait", 9 * MINUTE], ["touch"], ["ask"], ["wait", 7 * MINUTE], ["ask"], ["touch"]],
  [["sign-in"], ["keep"], ["logout"], ["ask"], ["logout"], ["late touch"]],
  [["sign-in"], ["revoke"], ["ask"], ["touch"], ["wait", 1], ["sign-in"], ["ask"]],
  [["sign-in"], ["keep"], ["sign-in"], ["ask"], ["late touch"]],
];

it.each(SCENARIOS.map((steps, i) => [i, steps] as const))("the server of the simulations answers as the real routes do (%i)", async (_, steps) => {
  let now = Date.UTC(2026, 0, 1);
  const real = createTestServer({ now: () => now, policy: { idle: IDLE, absolute: ABSOLUTE } });
  const model = new Model(() => now, { idle: IDLE, absolute: ABSOLUTE, remembers: 10 * MINUTE, csrf: false, hint: false });
  const jar = new Jar();
  let kept = ["", ""];

  const both = async (path: string, method: string, headers: Record<string, string> = {}, late = false): Promise<void> => {
    const send = (cookies: string) => new Request(`https://app.test${path}`, { method, headers: { ...headers, ...(cookies ? { cookie: cookies } : {}) } });
    const [first, second] = [await real.fetch(send(late ? (kept[0] ?? "") : real.jar.header)), model.fetch(send(late ? (kept[1] ?? "") : jar.header))];
    jar.take(second.headers.getSetCookie());
    expect([second.status, second.headers.get("session-deadlines")?.replace(/epoch=.*/, "")]).toEqual([first.status, first.headers.get("session-deadlines")?.replace(/epoch=.*/, "")]);
    if (path === "/data" || first.status === 204) return;
    const [said, meant] = [(await first.json()) as Record<string, unknown>, (await second.json()) as Record<string, unknown>];
    // The real routes add words for people; names of sessions differ.
    for (const key of Object.keys(meant)) if (key !== "id" && key !== "epoch" && key !== "ended") expect([key, meant[key]]).toEqual([key, said[key]]);
    // How long a server can tell why differs; schedules draw it.
    if (said["ended"]) expect(meant["ended"]).toBe(said["ended"]);
    for (const key of ["state", "idleIn", "expiresIn", "type", "processed"]) expect([key, said[key]]).toEqual([key, meant[key]]);
  };

  for (const [kind, ms] of steps) {
    if (kind === "wait") now += ms;
    else if (kind === "keep") kept = [real.jar.header, jar.header];
    else if (kind === "ask") await both("/session", "GET");
    else if (kind === "touch") await both("/session/touch", "POST");
    else if (kind === "late touch") await both("/session/touch", "POST", {}, true);
    else if (kind === "poll") await both("/data", "GET", { "session-activity": "none" });
    else if (kind === "data") await both("/data", "GET");
    else if (kind === "logout") await both("/session/logout", "POST");
    else if (kind === "sign-in") {
      await real.signIn();
      jar.take(model.fetch(new Request("https://app.test/sign-in", { method: "POST", headers: jar.header ? { cookie: jar.header } : {} })).headers.getSetCookie());
    } else {
      await real.revoke();
      const session = model.of(jar.header);
      if (session) model.end(session, "revoked");
    }
  }
});
