import type { LogoutReceiver } from "@holdfast/session-core/tokens";
import type { Handler } from "hono";
import { bodyFits } from "./read-body.ts";

const LONGEST = 16_384;

/**
 * The route that an identity provider posts its logout tokens to (OpenID Connect Back-Channel Logout 1.0 section 2.5): 200, or 400 for what was not done.
 * It carries no cookies, so mount it outside of `session()`.
 */
export const backchannelLogout =
  (receiver: LogoutReceiver): Handler =>
  async (c) => {
    const isForm = /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(c.req.header("content-type") ?? "");
    const tokens = isForm && (await bodyFits(c, LONGEST)) ? new URLSearchParams(await c.req.text()).getAll("logout_token") : [];
    const [token] = tokens;
    const result = tokens.length === 1 ? await receiver.receive(token) : undefined;
    if (result?.outcome === "ended") return c.body(null, 200, { "cache-control": "no-store" });
    const error = result?.outcome === "unavailable" ? "temporarily_unavailable" : "invalid_request";
    return c.json({ error }, 400, { "cache-control": "no-store" });
  };
