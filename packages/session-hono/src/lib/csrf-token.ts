import type { CsrfTokens, RequestSession } from "@holdfast/session-core";
import { CSRF_HEADER } from "@holdfast/session-protocol";
import type { Context } from "hono";
import { configError, tokensNeeded } from "./config-error.ts";
import { type CsrfRefusal, isSafe, refuse } from "./csrf.ts";
import { bodyFits } from "./read-body.ts";

export interface CsrfTokenOptions {
  /**
   * `synchronizer` (default): the token must be of the session that is alive. `double-submit`: of the session whose authentic credential came, so
   * that a request without a good token costs no store call. Both are signed; the credential itself is the other half, so there is no second cookie.
   */
  readonly mode?: "synchronizer" | "double-submit";
  /** Where a plain HTML form carries its token. Default `csrf_token`. */
  readonly field?: string;
  /** Longest form that is searched for the field, in bytes. Default 1 MiB; larger uploads send the header. */
  readonly maxForm?: number;
  /** Paths that need no token. Exact matches. */
  readonly exempt?: readonly string[];
  /** Report what would be blocked and let it through: for a roll-out. */
  readonly reportOnly?: (refused: CsrfRefusal) => void;
}

type Presented = Pick<RequestSession<unknown>, "transport" | "presentedIds" | "load">;

/** The answer to a request whose token is missing or not good; `undefined` lets it through. */
export type TokenCheck = (c: Context, session: Presented) => Promise<Response | undefined>;

/** @throws HoldfastError `config` for options without tokens, and for an unknown mode */
export function tokenCheck(tokens: CsrfTokens | undefined, options: CsrfTokenOptions | undefined): TokenCheck | undefined {
  if (!tokens) {
    if (options) throw tokensNeeded();
    return undefined;
  }
  const { mode = "synchronizer", reportOnly } = options ?? {};
  if (mode !== "synchronizer" && mode !== "double-submit") throw configError("csrf.mode", 'must be "synchronizer" or "double-submit".');
  const exempt = new Set(options?.exempt ?? []);

  return async function check(c, session) {
    if (isSafe(c.req.method) || exempt.has(c.req.path) || session.transport !== "cookie") return undefined;
    const id = await boundTo(session, mode);
    // Nobody is signed in and nothing is kept: there is no authority that another site could borrow.
    if (id === undefined || (await carriesToken(c, tokens, id, options))) return undefined;
    const refused = { path: c.req.path, why: "the CSRF token is missing or belongs to another session" };
    reportOnly?.(refused);
    return reportOnly ? undefined : refuse(c, refused.why);
  };
}

async function boundTo(session: Presented, mode: CsrfTokenOptions["mode"]): Promise<string | undefined> {
  const { presentedIds } = session;
  // Of two credentials the store decides which one counts, so only it can say which token does.
  if (mode === "double-submit" && presentedIds.length === 1) return presentedIds[0];
  const state = await session.load();
  return state.kind === "none" ? undefined : state.id;
}

/** From the header or the body of a form; never from a query or a cookie, which other sites can fill in or which come by themselves. */
export async function carriesToken(c: Context, tokens: CsrfTokens, id: string, options: CsrfTokenOptions = {}): Promise<boolean> {
  const header = c.req.header(CSRF_HEADER);
  if (header !== undefined) return tokens.verify(id, header);
  const { field = "csrf_token", maxForm = 1 << 20 } = options;
  if (!/^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i.test(c.req.header("content-type") ?? "")) return false;
  const form = (await bodyFits(c, maxForm)) ? await c.req.parseBody().catch(() => undefined) : undefined;
  return form !== undefined && Object.hasOwn(form, field) && tokens.verify(id, form[field]);
}
