import type { Millis } from "@holdfast/session-protocol";
import { within } from "./alone.ts";
import type { Environment } from "./environment.ts";
import type { Leaving } from "./session-client.ts";

export type Participant = (leaving: Leaving) => unknown;

/** Gives all participants their time at once. Resolves when they are done or the time is over, and never rejects: nobody can keep a user signed in. */
export async function letLeave(env: Environment, participants: Iterable<Participant>, reason: Leaving["reason"], time: Millis): Promise<void> {
  const { signal, done } = within(env, time);
  const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await Promise.race([over, Promise.allSettled(Array.from(participants, async (participant) => participant({ reason, signal })))]);
  done();
}
