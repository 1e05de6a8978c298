import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Io, run } from "@holdfast/cli";
import type { KeyRingFile, SessionEvent } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { sealedSessions } from "@holdfast/session-core/sealed";
import { describe, expect, it, onTestFinished } from "vitest";
import { keepCookies, MINUTE, ORIGIN, world } from "./support.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 60 * MINUTE;
const policy = { absolute: 2 * HOUR, guest: { idle: HOUR, absolute: 2 * HOUR } };

/** How often each of the visitors comes, in minutes. */
const EVERY = [1, 3, 5, 25];

type Answer = (request: Request) => Response | Promise<Response>;

/** One key file, rotated by `holdfast keys rotate`, and two servers: the second gets each new file two minutes after the first. */
async function rotating(build: (text: string) => Answer) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-rotation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "keys.json");
  let now = START;
  let said = "";
  const io: Io = { stdin: async () => "", out: (text) => void (said += text), err: (text) => void (said += text), now: () => now };
  const holdfast = async (...words: string[]): Promise<number> => {
    said = "";
    return run(words, io);
  };
  expect(await holdfast("keys", "new", path)).toBe(0);
  const servers = [build(readFileSync(path, "utf8")), build(readFileSync(path, "utf8"))];
  const late: { readonly at: number; readonly server: Answer }[] = [];
  /** Takes the step that is due, when it is due and not before, and rolls it out. */
  const step = async (pass: (ms: number) => Promise<void>): Promise<void> => {
    while (true) {
      const code = await holdfast("keys", "rotate", path, "--longest", "2h", "--json");
      if (code === 0) break;
      expect([code, (JSON.parse(said) as { error: { code: string } }).error.code]).toEqual([4, "too_early"]);
      await pass(MINUTE);
    }
    const text = readFileSync(path, "utf8");
    servers[0] = build(text);
    late.push({ at: now + 2 * MINUTE, server: build(text) });
  };
  let turn = 0;
  return {
    step,
    advance(ms: number): void {
      now += ms;
      for (const { at, server } of late) if (at <= now) servers[1] = server;
      while (late[0] && late[0].at <= now) late.shift();
    },
    clock: { now: () => now, wait: async () => undefined },
    /** Whichever of the two comes next. */
    answer: (request: Request): Response | Promise<Response> => servers[turn++ % 2]?.(request) ?? new Response(null, { status: 500 }),
  };
}

/** A browser that sends several requests at once, and notes each answer that is no success. */
class Visitor {
  readonly jar = new Map<string, string>();
  readonly failures: string[] = [];
  requests = 0;
  csrf = "";
  readonly answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }

  async send(method: string, path: string): Promise<Response> {
    const headers = { cookie: [...this.jar].map((pair) => pair.join("=")).join("; "), origin: ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": this.csrf };
    const response = await this.answer(new Request(ORIGIN + path, { method, headers, redirect: "manual" }));
    this.requests++;
    if (response.status >= 400) this.failures.push(`${method} ${path}: ${response.status}`);
    this.csrf = response.headers.get("x-csrf-token") ?? this.csrf;
    keepCookies(this.jar, response);
    return response;
  }

  /** As a page does: reads and writes side by side. */
  page = (): Promise<unknown> => Promise.all([["GET", "/private"], ["POST", "/session/touch"], ["GET", "/session"], ["GET", "/"]].map(([method = "", path = ""]) => this.send(method, path)));
}

describe("three rotations under load, two servers that change two minutes apart: no request fails", () => {
  it.each(["opaque", "sealed"] as const)("[G01] [G02] %s sessions", async (mode) => {
    const events: SessionEvent[] = [];
    const memory = createMemoryStore({ clock: { now: () => fleet.clock.now(), wait: async () => undefined } });
    const keyIds = new Set<number>();
    const fleet = await rotating((text) => {
      const keys = JSON.parse(text) as KeyRingFile;
      for (const { id } of keys.keys) keyIds.add(id);
      const store = mode === "opaque" ? memory : sealedSessions({ revocations: { store: memory } });
      const clock = { now: () => fleet.clock.now(), wait: async () => undefined };
      const { app } = world({ csrf: { origins: [ORIGIN] }, core: { keys, policy, store, clock, csrf: createCsrfTokens({ keys }), onEvent: (event) => void events.push(event) } });
      return (request) => app.fetch(request);
    });
    const visitors = Array.from({ length: EVERY.length }, () => new Visitor(fleet.answer));
    for (const visitor of visitors) await visitor.send("POST", "/sign-in");
    let minute = 0;
    const pass = async (ms: number): Promise<void> => {
      for (let i = 0; i < ms; i += MINUTE) {
        fleet.advance(MINUTE);
        minute++;
        // Somebody comes each minute, somebody every twenty-five; all of them sign in again before two hours are over.
        await Promise.all(visitors.map((visitor, index) => minute % (EVERY[index] ?? 1) === 0 && (minute % 75 === 0 ? visitor.send("POST", "/sign-in") : visitor.page())));
      }
    };
    await pass(5 * MINUTE);
    for (let step = 0; step < 9; step++) {
      await fleet.step(pass);
      // While the second server has the file before: what the first one signs now comes to it at once.
      for (let i = 0; i < 3; i++) await Promise.all(visitors.map((visitor) => visitor.page()));
    }
    await pass(5 * MINUTE);
    expect(visitors.flatMap(({ failures }) => failures)).toEqual([]);
    expect(keyIds).toEqual(new Set([1, 2, 3, 4]));
    expect(visitors.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(2000);
    // Each rotation was seen from the inside: sessions came with the old key, and moved.
    expect(new Set(events.flatMap((event) => (event.type === "session_old_key" ? [event.keyId] : [])))).toEqual(new Set([1, 2, 3]));
    expect(events.filter(({ type }) => /indeterminate|rejected|unknown|mismatch|reuse|store_failed/.test(type))).toEqual([]);
  });
});
