import type { Millis } from "@holdfast/session-protocol";
import { systemClock } from "../clock.ts";
import { HoldfastError } from "../errors.ts";
import type { SessionId } from "../port.ts";
import { createRegister, type RegisterOptions } from "../register.ts";
import type { ActiveState } from "../session/state.ts";

/** As of `createRegister`: the store of the sessions, their key file and realm. */
export type ProviderLinksOptions = RegisterOptions;

/**
 * Which sessions began with which session of an identity provider, and which of its logout tokens came before. Every verb throws HoldfastError `unavailable`
 * when the store does not answer.
 */
export interface ProviderLinks {
  /**
   * After the commit of a sign-in, and of a re-authentication, which lets the session live longer. `sid` is that of the ID token. Whatever this throws, end the session:
   * no sign-out would find it. @throws HoldfastError `sign_in_revoked` where the provider's session ended meanwhile, `conflict`
   */
  add(provider: { readonly iss: string; readonly sid: string }, session: Pick<ActiveState<unknown>, "id" | "absoluteAt">): Promise<void>;
  /** The newest first. */
  find(provider: { readonly iss: string; readonly sid: string }): Promise<readonly SessionId[]>;
  /** The provider's session is over: for ten minutes, as long as a sign-in with it may be under way, `add` refuses it. Before `find`. */
  over(provider: { readonly iss: string; readonly sid: string }): Promise<void>;
  isUsed(iss: string, jti: string): Promise<boolean>;
  use(iss: string, jti: string, until: Millis): Promise<void>;
}

/** As long as a code of the provider may be good (RFC 6749 section 4.1.2). */
const UNDER_WAY: Millis = 600_000;

/** @throws HoldfastError `unsupported` for a store that may drop rows, `config` for what is no store, and for a key file that is wrong */
export function createProviderLinks(options: ProviderLinksOptions): ProviderLinks {
  const { clock = systemClock } = options;
  const { link, linked, deny, isDenied } = createRegister(options);
  const name = (kind: "sid" | "jti" | "over", iss: string, value: string): string => JSON.stringify(["provider", kind, iss, value]);

  return {
    async add({ iss, sid }, { id, absoluteAt }) {
      const left = absoluteAt - clock.now();
      if (left > 0) await link(name("sid", iss, sid), id, left);
      // A sign-out either finds the link or was there before this look.
      if (await isDenied(name("over", iss, sid))) throw new HoldfastError("sign_in_revoked", "The provider's session ended meanwhile. End this one, too.");
    },
    over: ({ iss, sid }) => deny(name("over", iss, sid), clock.now() + UNDER_WAY),
    find: ({ iss, sid }) => linked(name("sid", iss, sid)),
    isUsed: (iss, jti) => isDenied(name("jti", iss, jti)),
    use: (iss, jti, until) => deny(name("jti", iss, jti), until),
  };
}
