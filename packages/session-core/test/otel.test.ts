import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../src/index.ts";
import { createOtelListener, type OtelListenerOptions } from "../src/otel.ts";
import { Jar, MINUTE, type Data, request, signedIn, world, type World } from "./support.ts";

/** The real SDK behind the listener, and what it exported. */
function telemetry(options?: OtelListenerOptions, core: Parameters<typeof world>[0] = {}): World & { told: () => { name: string | undefined; attributes: Record<string, unknown> }[]; dump: () => string } {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const setup = world(core);
  setup.sessions.on(createOtelListener(provider.getLogger("sessions"), options));
  return {
    ...setup,
    told: () => exporter.getFinishedLogRecords().map(({ eventName: name, attributes }) => ({ name, attributes: { ...attributes } })),
    dump: () => JSON.stringify(exporter.getFinishedLogRecords().map(({ eventName, attributes, hrTime, body }) => ({ eventName, attributes, hrTime, body }))),
  };
}
const handleOf = async (sessions: World["sessions"], jar: Jar): Promise<string> => {
  const { state } = await request(sessions, jar);
  return state.kind === "none" ? "" : state.handle;
};
const KIND = "holdfast.session.kind";
const REASON = "holdfast.session.end_reason";

describe("OpenTelemetry", () => {
  it("[M03] a life is session.start and session.end; a sign-in names the guest session before it, which is another", async () => {
    const { sessions, told } = telemetry({ sessionId: true });
    const jar = new Jar();
    await request(sessions, jar, (s) => s.update((data: Data) => ({ ...data, cart: ["rope"] })));
    const guest = await handleOf(sessions, jar);
    await request(sessions, jar, (s) => s.start("ada"));
    const member = await handleOf(sessions, jar);
    await request(sessions, jar, (s) => s.end());
    expect(member).not.toBe(guest);
    expect(told()).toEqual([
      { name: "session.start", attributes: { "session.id": guest, [KIND]: "guest" } },
      { name: "session.end", attributes: { "session.id": guest, [REASON]: "replaced" } },
      { name: "session.start", attributes: { "session.id": member, "session.previous_id": guest, [KIND]: "active" } },
      { name: "session.end", attributes: { "session.id": member, [REASON]: "logout" } },
    ]);
  });

  it("[M03] session.id is opt-in, and the handle: neither the id nor a credential is ever in it", async () => {
    for (const options of [undefined, {}, { sessionId: true }]) {
      const { sessions, told, dump } = telemetry(options);
      const jar = await signedIn(sessions);
      const { state } = await request(sessions, jar);
      await request(sessions, jar, (s) => s.start("grace"));
      await sessions.revokeAll("grace");
      expect(told().map(({ name }) => name)).toEqual(["session.start", "session.end", "session.start", "session.end"]);
      expect(dump().includes("session.id") || dump().includes("previous_id")).toBe(options?.sessionId === true);
      expect(dump()).not.toContain(state.kind === "active" && state.id);
      for (const value of jar.cookies.values()) for (const part of [value.slice(0, 24), value.slice(32, 64)]) expect(dump()).not.toContain(part);
    }
  });

  it("[M03] every way to end is told once, with its reason", async () => {
    const { sessions, told, clock } = telemetry({ sessionId: true }, { policy: { concurrent: { max: 2, whenFull: "evict-oldest" } } });
    const handles: string[] = [];
    for (let i = 0; i < 3; i++) {
      handles.push(await handleOf(sessions, await signedIn(sessions)));
      clock.advance(1000);
    }
    const single = await signedIn(sessions, "bea");
    const { state } = await request(sessions, single);
    if (state.kind === "active") await sessions.revoke(state.id);
    await sessions.revokeAll("ada");
    const idle = await signedIn(sessions, "cleo");
    const last = await handleOf(sessions, idle);
    clock.advance(31 * MINUTE);
    await request(sessions, idle);
    await request(sessions, idle);
    const ends = told().flatMap(({ name, attributes }) => (name === "session.end" ? [[attributes["session.id"], attributes[REASON]]] : []));
    expect(ends[0]).toEqual([handles[0], "evicted"]);
    expect(ends[1]).toEqual([state.kind === "active" && state.handle, "revoked"]);
    expect(new Map(ends.slice(2, 4) as [string, string][])).toEqual(new Map([[handles[1] ?? "", "revoked"], [handles[2] ?? "", "revoked"]]));
    expect(ends.slice(4)).toEqual([[last, "idle"]]);
  });

  it("events that end nothing are not told, a theft that ends a session is", () => {
    const seen: unknown[] = [];
    const listen = createOtelListener({ emit: (event) => void seen.push(event) }, { sessionId: true });
    const quiet: SessionEvent[] = [
      { at: 1, type: "session_renewed", handle: "h" },
      { at: 1, type: "session_elevated", handle: "h" },
      { at: 1, type: "session_use_after_expire", handle: "h", reason: "idle" },
      { at: 1, type: "session_reuse_detected", handle: "h", action: "refuse", stepsBehind: 1 },
      { at: 1, type: "excess_sessions_exceeded", action: "reject", count: 1 },
      { at: 1, type: "credential_rejected", why: "forged" },
      { at: 1, type: "store_failed", verb: "read", error: "Error", cause: () => new Error("secret") },
    ];
    for (const event of quiet) listen(event);
    expect(seen).toEqual([]);
    listen({ at: 7, type: "session_reuse_detected", handle: "h", action: "revoke", stepsBehind: 3 });
    expect(seen).toEqual([{ eventName: "session.end", timestamp: 7, attributes: { "session.id": "h", [REASON]: "reuse" } }]);
  });
});
