import { PATIENCE, within } from "./alone.ts";
import type { Environment } from "./environment.ts";
import type { Link } from "./link.ts";
import type { LogoutOutcome, LogoutScope } from "./session-client.ts";

/** A sign-out that has not got through yet, and the session it was meant for. */
interface Waiting {
  readonly scope: LogoutScope;
  readonly epoch: string;
}

/** Signing out on the server: noted before it is tried, and tried again until the server has answered. */
export interface Logouts {
  /** Notes and sends; one that waits already is widened, never narrowed. */
  readonly send: (scope: LogoutScope, epoch: string) => Promise<LogoutOutcome>;
  /** Another session is there by now: an old sign-out must not end it. */
  readonly drop: (epoch: string) => void;
  readonly waiting: () => Waiting | undefined;
  /** Sends a waiting one again, also of an earlier page, if the session it was meant for is still there. */
  readonly finish: () => Promise<void>;
}

export function createLogouts(env: () => Environment, key: string, { ask, post, send }: Link): Logouts {
  const place = `${key}:logout`;
  const forget = (): void => env().storage.removeItem(place);

  function waiting(): Waiting | undefined {
    const [scope, epoch = ""] = env().storage.getItem(place)?.split(" ") ?? [];
    return scope ? { scope: scope as LogoutScope, epoch } : undefined;
  }

  async function attempt(scope: LogoutScope): Promise<LogoutOutcome> {
    const { signal, done } = within(env(), PATIENCE);
    try {
      // Outlives the page.
      const { response, problem } = await send(post("/logout", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ scope }), keepalive: true, signal }), "sound");
      const { status, ok } = response;
      if (ok) return "done";
      if (problem?.name === "fresh_required" || problem?.name === "unsupported") return problem.name;
      return status >= 500 || status === 401 || status === 408 || status === 429 || problem?.name === "csrf" ? "pending" : "refused";
    } catch {
      return "pending";
    } finally {
      done();
    }
  }

  async function through(scope: LogoutScope): Promise<LogoutOutcome> {
    const outcome = await attempt(scope);
    if (outcome !== "pending") forget();
    return outcome;
  }

  return {
    waiting,
    send(scope, epoch) {
      const before = waiting();
      const same = before && (before.epoch === epoch || !epoch) ? before : undefined;
      const wider = same && same.scope !== scope ? "all" : scope;
      env().storage.setItem(place, `${wider} ${same?.epoch ?? epoch}`);
      return through(wider);
    },
    drop(epoch) {
      const waits = waiting();
      if (waits && waits.epoch !== epoch) forget();
    },
    async finish() {
      const waits = waiting();
      const answer = waits && (await ask(""));
      if (!answer || answer === "refused") return;
      const { view } = answer;
      if (view.state === "active" && (view.epoch === waits.epoch || !waits.epoch)) await through(waits.scope);
      else forget();
    },
  };
}
