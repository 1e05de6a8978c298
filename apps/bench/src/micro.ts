import { generateKeys, createSessions } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { USER } from "./app.ts";
import { createHoldfast, type Data } from "./apps/holdfast.ts";
import type { Case } from "./measure.ts";

const forge = (credential: string): string => credential.slice(0, -1) + (credential.endsWith("A") ? "B" : "A");

/** The parts of a request by themselves, without a framework, through the public API. */
export async function microCases(): Promise<Case[]> {
  const sessions = createHoldfast();
  const credential = (await sessions.issue(USER.user, USER)).credential.reveal();
  const forged = forge(credential);
  const open = async (): Promise<string> => {
    const session = await sessions.open(credential);
    await session.commit();
    return session.state.kind;
  };
  const update = async (): Promise<string> => {
    const session = await sessions.open(credential);
    session.update((data) => ({ ...data, count: (data.count ?? 0) + 1 }));
    return (await session.commit()).state.kind;
  };

  let now = Date.now();
  const later = createSessions<Data>({ store: createMemoryStore(), keys: generateKeys(), clock: { now: () => now, wait: async () => undefined } });
  const old = await later.issue(USER.user, USER);
  // Past the overlap a step is allowed; nothing is written for it, so the same credential can take it again and again.
  now += 2 * 60_000;
  const step = async (): Promise<string> => {
    const session = await later.open(old.credential.reveal());
    session.renew();
    return (await session.commit()).credential === undefined ? "no step" : "step";
  };

  const micro = (name: string, expected: string, run: () => unknown): Case => ({ name, kind: "micro", run, expected, packages: ["@holdfast/session-core"] });
  return [
    micro("decode and verify a credential", "bearer", () => String(sessions.prepare(credential).transport)),
    micro("the same, forged", "undefined", () => String(sessions.prepare(forged).transport)),
    micro("open + commit", "active", open),
    micro("open + commit with a ratchet step", "step", step),
    micro("open + update + commit", "active", update),
  ];
}
