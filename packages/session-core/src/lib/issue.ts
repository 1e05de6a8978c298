import type { Engine } from "./engine.ts";
import { createRow } from "./request/create-row.ts";
import { type Secret, secret } from "./secret.ts";
import { beginDraft, fold } from "./session/draft.ts";
import { noSession } from "./session/refusal.ts";
import type { ActiveState, StartOptions } from "./session/state.ts";
import { liveState } from "./session/state-of.ts";
import { encodeCredential, GUEST_CHAIN } from "./token/credential.ts";

/** A session outside any browser: for a command line, an app, a test. Its credential is a bearer credential. */
export async function issue<Data extends object>(
  engine: Engine<Data>,
  subject: string,
  data: Partial<Data> | undefined,
  options: Omit<StartOptions<Data>, "carry">,
): Promise<{ credential: Secret; state: ActiveState<Data> }> {
  const now = engine.clock.now();
  const context = { engine, now, sight: undefined, latestChain: GUEST_CHAIN };
  const draft = fold(context, beginDraft(context, { kind: "none" }), { type: "start", subject, data, options });
  const { session, offer } = draft;
  if (!session || !offer) throw noSession("none");
  await createRow(engine, { ...draft, session }, now, () => draft);
  const state = liveState(engine, session.id, session.record, session.data, { createdAt: now, seenAt: now }) as ActiveState<Data>;
  return { credential: secret(encodeCredential({ id: session.id, ...offer }, engine.ring, "bearer")), state };
}
