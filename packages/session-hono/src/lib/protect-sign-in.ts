import type { Sessions } from "@holdfast/session-core";
import { CSRF_HEADER, type Millis } from "@holdfast/session-protocol";
import { getCookie } from "hono/cookie";
import type { MiddlewareHandler } from "hono";
import { tokensNeeded } from "./config-error.ts";
import { isSafe } from "./csrf.ts";
import { carriesToken, type CsrfTokenOptions } from "./csrf-token.ts";
import { problem } from "./problem.ts";
import { changeHeaders } from "./response-headers.ts";
import type { SessionEnv } from "./session.ts";

export interface SignInOptions extends Pick<CsrfTokenOptions, "field" | "maxForm"> {
  /** How long a sign-in form may stay open, in ms. Default 30 min; each look at the form begins anew. */
  readonly maxAge?: Millis;
  /** Default `Date.now`. */
  readonly now?: () => Millis;
}

const PLAIN_NAME = "sign-in";

/**
 * For the route of the sign-in form: nobody can sign a visitor in to somebody else's account (login CSRF). Looking at the form (GET) gives the
 * visitor a signed pre-session cookie and puts its token on `c.var.csrfToken()` and in `X-CSRF-Token`; sending it needs both, and the sign-in
 * takes the pre-session away. It is not a session: no row, no rights. Who has a session already, as a guest, uses that one's token.
 *
 * @throws HoldfastError `config` when tokens are not switched on
 */
export function protectSignIn<Data>(sessions: Sessions<Data>, options: SignInOptions = {}): MiddlewareHandler<SessionEnv<Data>> {
  const { maxAge = 30 * 60_000, now = Date.now } = options;
  const { csrf: tokens, cookie } = sessions;
  if (!tokens) throw tokensNeeded();
  const name = cookie.secure ? `__Host-${PLAIN_NAME}` : PLAIN_NAME;
  const set = (value: string, seconds: number): string =>
    `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly${cookie.secure ? "; Secure" : ""}; SameSite=${cookie.sameSite === "none" ? "None" : "Lax"}`;

  // nonce.expiry.signature: session ids have no dot or colon in them, so no token of a session passes for one of a form.
  const open = (value: string | undefined): string | undefined => {
    if (value === undefined || value.length > 160) return undefined;
    const [nonce = "", expiry = "", signature] = value.split(".");
    return Number(expiry) > now() && tokens.verify(`pre:${nonce}.${expiry}`, signature) ? nonce : undefined;
  };
  const seal = (nonce: string): string => {
    const expiry = now() + maxAge;
    return `${nonce}.${expiry}.${tokens.issue(`pre:${nonce}.${expiry}`)}`;
  };

  return async function protectSignIn(c, next) {
    const { session } = c.var;
    const state = await session.load();
    if (state.kind === "none" && state.refused === "indeterminate") return problem("unavailable");
    const nonce = open(getCookie(c, name));
    if (isSafe(c.req.method)) {
      if (state.kind !== "none") return next();
      // The same nonce again, so that forms in other tabs stay good.
      const mine = nonce ?? tokens.issue("pre");
      const token = tokens.issue(`form:${mine}`);
      c.set("csrfToken", () => token);
      await next();
      const cookieLine = set(seal(mine), Math.ceil(maxAge / 1000));
      changeHeaders(c, (headers) => {
        headers.append("set-cookie", cookieLine);
        headers.set("cache-control", "no-store");
        headers.set(CSRF_HEADER, token);
      });
      return undefined;
    }
    const good = state.kind !== "none" || session.transport === "bearer" || (nonce !== undefined && (await carriesToken(c, tokens, `form:${nonce}`, options)));
    if (!good) return problem("csrf", { detail: "Refused: the sign-in form is too old or not from here. Load it again." });
    await next();
    if (session.state.kind === "active") changeHeaders(c, (headers) => headers.append("set-cookie", set("", 0)));
    return undefined;
  };
}
