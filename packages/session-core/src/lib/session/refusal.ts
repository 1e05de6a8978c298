import { HoldfastError } from "../errors.ts";
import type { NoneState } from "./state.ts";

/** A credential of an unknown key, or a row of a later release: perhaps of a roll-out under way. */
export const INDETERMINATE: NoneState = { kind: "none", refused: "indeterminate" };

/** What a request gets that needs a session and has none (any more). */
export const noSession = (reason: "none" | "superseded" | "ended"): HoldfastError =>
  new HoldfastError("no_session", reason === "superseded" ? "The credential was replaced; retry with the current one." : "There is no session to change.", { reason });

/** What a request gets that would change a session which this server cannot read. */
export const unreadable = (): HoldfastError =>
  new HoldfastError("unavailable", "The session is of a key or a release that this server does not have (yet). Nothing was written.");

export const refusalOf = (refused: NoneState["refused"]): HoldfastError => (refused === "indeterminate" ? unreadable() : noSession(refused ?? "none"));
