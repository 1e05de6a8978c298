import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCsrfTokens } from "../../src/csrf.ts";
import { newSessionId } from "../../src/lib/token/credential.ts";
import { KEYS } from "../support.ts";
import { damaged, hostileText, looksOf, SIZES } from "./hostile.ts";
import { family, must } from "./inputs.ts";

const tokens = createCsrfTokens({ keys: KEYS });
const id = newSessionId();
const issued = fc.constant(undefined).map(() => tokens.issue(id));

describe("CSRF tokens", () => {
  const each = family("CSRF tokens");

  it("[E08] one is good for its session and no other, whatever their ids are", () =>
    each(0.3, fc.tuple(hostileText(40), hostileText(40)), ([mine, theirs]) => {
      const token = tokens.issue(mine);
      must(tokens.verify(mine, token), "refused its own");
      // UTF-8 knows no half surrogates; session ids have none.
      must(Buffer.from(mine).equals(Buffer.from(theirs)) || !tokens.verify(theirs, token), "good for another session");
    }));

  it("[E08] a damaged one is never good, and neither is any other value; none throws", async () => {
    await each(0.4, damaged(issued), ({ text }) => must(!tokens.verify(id, text), "believed"));
    await each(0.3, fc.oneof(hostileText(), fc.string({ unit: fc.constantFrom(..."AB-_09"), minLength: 67, maxLength: 67 }), fc.anything()), (value) => must(!tokens.verify(id, value), "believed"));
  });

  it("another length is not looked at", () => {
    for (const size of [0, 66, 68, ...SIZES]) expect(looksOf((text) => tokens.verify(id, text), "A".repeat(size))).toBe(0);
  });
});
