import type { Millis } from "@holdfast/session-protocol";
import { configError, noOthers, oneOf } from "../errors.ts";

export interface Policy {
  /** End after this long without user activity. Default 30 min. */
  readonly idle: Millis;
  /** End this long after the (last) authentication, whatever happens. Default 8 h; can be long, never unlimited. */
  readonly absolute: Millis;
  /** The same two for guests. Default: 7 days without activity, 30 days in all. */
  readonly guest: { readonly idle: Millis; readonly absolute: Millis };
  /**
   * The same two for sessions that began with `remember: true`; their cookie outlives the browser. Default off. At most 30 days
   * (NIST SP 800-63B-4 section 2.1.3, AAL1), and only over profile `default`: the texts behind the others do not have it.
   */
  readonly remember: "off" | { readonly idle: Millis; readonly absolute: Millis };
  /**
   * Whether somebody whose session idled out may resume it, before the absolute limit, with one factor and the credential they still hold:
   * `start(subject, data, { resume: true })` (NIST SP 800-63B-4 section 2.2.3, AAL2). Default false; true with `nistAal2`.
   */
  readonly resume: boolean;
  /** A new credential this long after the current one was first used, or never. Default 10 min. */
  readonly renew: Millis | "off";
  /** How long a credential still works after its successor was first used. Default 60 s, at least 15 s. */
  readonly overlap: Millis;
  /** Activity is written at most this often. Default: the greater of 60 s and idle / 10, at most idle / 4. */
  readonly touchEvery: Millis;
  /** Live sessions per subject, and what a sign-in beyond them does. Default off. */
  readonly concurrent: "off" | { readonly max: number; readonly whenFull: "reject" | "evict-oldest" };
  /** How long an authentication counts as recent. Default 15 min. */
  readonly freshFor: Millis;
}

export type PolicyProfile = "default" | "nistAal2" | "nistAal3" | "pci" | "hipaa" | "banking";

/** A profile, or options laid over one (`default` unless `profile` says otherwise). */
export type PolicyOptions = PolicyProfile | (Partial<Policy> & { readonly profile?: PolicyProfile });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Longest life a session may be given: the Max-Age that browsers accept (RFC 6265bis section 5.5). */
const LONGEST = 400 * DAY;

type Profile = Omit<Policy, "touchEvery">;

const base: Profile = {
  idle: 30 * MINUTE,
  absolute: 8 * HOUR,
  guest: { idle: 7 * DAY, absolute: 30 * DAY },
  remember: "off",
  resume: false,
  renew: 10 * MINUTE,
  overlap: MINUTE,
  concurrent: "off",
  freshFor: 15 * MINUTE,
};

/** What sessions of a kind of their own have. */
const LIMITS = ["idle", "absolute"];

const limit = (max: number, whenFull: "reject" | "evict-oldest"): Policy["concurrent"] => ({ max, whenFull });

// Sources: docs/standards.md section 4. Where a text gives no number (hipaa idle, concurrency, freshness), it is our choice.
const profiles = (): Readonly<Record<PolicyProfile, Profile>> => ({
  default: base,
  nistAal2: { ...base, idle: 60 * MINUTE, absolute: 24 * HOUR, resume: true, concurrent: limit(10, "evict-oldest") },
  nistAal3: { ...base, idle: 15 * MINUTE, absolute: 12 * HOUR, overlap: 15 * SECOND, concurrent: limit(3, "evict-oldest"), freshFor: 5 * MINUTE },
  pci: { ...base, idle: 15 * MINUTE, absolute: 12 * HOUR, overlap: 15 * SECOND, concurrent: limit(3, "evict-oldest") },
  hipaa: { ...base, idle: 15 * MINUTE, absolute: 12 * HOUR, concurrent: limit(5, "evict-oldest") },
  banking: { ...base, idle: 5 * MINUTE, absolute: 4 * HOUR, overlap: 15 * SECOND, concurrent: limit(1, "reject"), freshFor: 5 * MINUTE },
});

/** Completes and checks a policy. @throws HoldfastError `config` naming the option and the fix */
export function resolvePolicy(options: PolicyOptions = "default"): Policy {
  const { profile = "default", ...given } = typeof options === "string" ? { profile: options } : options;
  const known = profiles();
  oneOf("policy.profile", profile, Object.keys(known));
  const merged = { ...known[profile], ...given };
  const policy: Policy = { ...merged, touchEvery: given.touchEvery ?? Math.min(Math.max(MINUTE, merged.idle / 10), merged.idle / 4) };

  noOthers("policy.", given, [...Object.keys(base), "touchEvery"]);
  const { idle, absolute, guest, remember, renew, overlap, touchEvery, concurrent, freshFor } = policy;
  duration("absolute", absolute, SECOND);
  duration("idle", idle, SECOND, absolute, "policy.absolute");
  noOthers("policy.guest.", guest, LIMITS);
  duration("guest.absolute", guest.absolute, SECOND);
  duration("guest.idle", guest.idle, SECOND, guest.absolute, "policy.guest.absolute");
  duration("overlap", overlap, 15 * SECOND);
  duration("freshFor", freshFor, SECOND);
  duration("touchEvery", touchEvery, 0, idle / 4, "a quarter of policy.idle");
  if (renew !== "off") duration("renew", renew, Math.max(SECOND, overlap));
  if (remember !== "off") {
    if (profile !== "default") throw configError("policy.remember", `must be "off" with profile ${profile}.`);
    noOthers("policy.remember.", remember, LIMITS);
    duration("remember.idle", remember.idle, idle);
    duration("remember.absolute", remember.absolute, Math.max(remember.idle, absolute), 30 * DAY, "30 days");
  }
  if (typeof policy.resume !== "boolean") throw configError("policy.resume", "must be true or false.");
  if (policy.resume && profile === "nistAal3") throw configError("policy.resume", "must be false with profile nistAal3: it asks for the full sign-in.");
  if (concurrent !== "off") {
    const { max, whenFull, ...others } = concurrent;
    noOthers("policy.concurrent.", others, []);
    if (!Number.isSafeInteger(max) || max < 1) throw configError("policy.concurrent.max", 'must be a whole number of at least 1, or policy.concurrent "off".');
    oneOf("policy.concurrent.whenFull", whenFull, ["reject", "evict-oldest"]);
  }
  return Object.freeze(policy);
}

/** No session lives for ever, so everything has a limit. */
function duration(option: string, value: unknown, least: Millis, most = LONGEST, named = "400 days"): void {
  if (typeof value !== "number" || !(value >= least && value <= most)) throw configError(`policy.${option}`, `must be a number of milliseconds, at least ${least} and at most ${most} (${named}).`);
}
