import { describe, expect, it } from "vitest";
import { hashSecret, newSessionId } from "../src/lib/token/credential.ts";
import { elevateChain } from "../src/lib/token/elevation.ts";
import { beginChain, type Chain, judge, nextSecret, promote, stepIsDue } from "../src/lib/token/ratchet.ts";
import { MINUTE } from "./support.ts";

const OVERLAP = MINUTE;
const T = 1_800_000_000_000;
const id = newSessionId();
const policy = { renew: 10 * MINUTE, overlap: OVERLAP };

/** A chain at step `steps`, a promotion every ten minutes, and all its secrets. */
function walk(steps: number): { chain: Chain; secrets: Uint8Array[]; now: number } {
  let { chain, secret } = beginChain(4, T);
  const secrets = [secret];
  let now = T;
  for (let i = 0; i < steps; i++) {
    now += 10 * MINUTE;
    secret = nextSecret(chain.chainKey, secret);
    chain = promote(chain, secret, now);
    secrets.push(secret);
  }
  return { chain, secrets, now };
}

const shown = (secret: Uint8Array, step: number) => ({ id, chain: 4, step, secret, hash: hashSecret(secret) });
const show = (secrets: Uint8Array[], step: number) => shown(secrets[step] ?? new Uint8Array(32), step);

describe("the ratchet", () => {
  it("rule 1: everybody derives the same successor, and none is issued within the overlap", () => {
    const { chain, secrets, now } = walk(2);
    const [, , secret = new Uint8Array()] = secrets;
    expect(nextSecret(chain.chainKey, secret)).toEqual(nextSecret(chain.chainKey, secret));
    expect(stepIsDue(chain, now + OVERLAP - 1, policy, true)).toBe(false);
    expect(stepIsDue(chain, now + OVERLAP, policy, true)).toBe(true);
    expect(stepIsDue(chain, now + OVERLAP, policy, false)).toBe(false);
    expect(stepIsDue(chain, now + 10 * MINUTE, policy, false)).toBe(true);
    expect(stepIsDue(chain, now + 100 * MINUTE, { ...policy, renew: "off" }, false)).toBe(false);
  });

  it("rule 2: the successor is recognised by its hash and becomes the current one", () => {
    const { chain, secrets, now } = walk(2);
    const next = nextSecret(chain.chainKey, secrets[2] ?? new Uint8Array());
    expect(judge(chain, shown(next, 3), now, OVERLAP).kind).toBe("successor");
    expect(judge(promote(chain, next, now), shown(next, 3), now, OVERLAP).kind).toBe("current");
  });

  it("[C08] rule 3: the predecessor lives exactly one overlap after its successor was first used", () => {
    const { chain, secrets, now } = walk(3);
    expect(judge(chain, show(secrets, 2), now + OVERLAP - 1, OVERLAP).kind).toBe("predecessor");
    expect(judge(chain, show(secrets, 2), now + OVERLAP, OVERLAP).kind).toBe("superseded");
  });

  it("[H04] rule 4: an older secret is reuse once overlap and skew are over, counted from its own promotion", () => {
    const { chain, secrets, now } = walk(3);
    expect(judge(chain, show(secrets, 2), now + OVERLAP + 4999, OVERLAP).kind).toBe("superseded");
    expect(judge(chain, show(secrets, 2), now + OVERLAP + 5000, OVERLAP)).toEqual({ kind: "reuse", stepsBehind: 1 });
    // Two behind was superseded ten minutes before, so it has no second grace.
    expect(judge(chain, show(secrets, 1), now, OVERLAP)).toEqual({ kind: "reuse", stepsBehind: 2 });
  });

  it("rule 4: what is authentic but not of the chain is refused and proves nothing", () => {
    const { chain, secrets, now } = walk(3);
    const stranger = shown(new Uint8Array(32).fill(9), 1);
    expect(judge(chain, stranger, now, OVERLAP).kind).toBe("mismatch");
    expect(judge(chain, { ...stranger, step: 9 }, now, OVERLAP).kind).toBe("mismatch");
    expect(judge({ ...chain, step: 900 }, { ...show(secrets, 1), step: 1 }, now, OVERLAP).kind).toBe("mismatch");
  });

  it("rule 5: a store that lost the last promotion meets the successor again", () => {
    const before = walk(2);
    const { secrets } = { secrets: [...before.secrets, nextSecret(before.chain.chainKey, before.secrets[2] ?? new Uint8Array())] };
    expect(judge(before.chain, show(secrets, 3), before.now + MINUTE, OVERLAP).kind).toBe("successor");
  });

  it("rule 6: two elevations from one credential give one secret, also around a step", () => {
    const { chain, secrets, now } = walk(2);
    const presented = secrets[2] ?? new Uint8Array();
    const first = elevateChain(chain, id, presented, undefined, now);
    expect(first.chain.chain).toBe(5);
    expect(elevateChain(chain, id, presented, first.chain, now).secret).toEqual(first.secret);
    // The other request already used the next step.
    const stepped = nextSecret(chain.chainKey, presented);
    expect(elevateChain(promote(chain, stepped, now), id, stepped, first.chain, now).secret).toEqual(first.secret);
    // A straggler with the one before.
    expect(elevateChain(chain, id, secrets[1] ?? new Uint8Array(), first.chain, now).secret).toEqual(first.secret);
    expect(elevateChain(chain, newSessionId(), presented, undefined, now).secret).not.toEqual(first.secret);
  });

  it("rule 7: a straggler of an older chain is superseded, one of a later chain is unknown", () => {
    const { chain, now } = walk(1);
    expect(judge({ ...chain, chain: 5 }, shown(new Uint8Array(32), 0), now, OVERLAP).kind).toBe("superseded");
    expect(judge({ ...chain, chain: 3 }, shown(new Uint8Array(32), 0), now, OVERLAP).kind).toBe("mismatch");
  });
});
