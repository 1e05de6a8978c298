import { PATIENCE, within } from "./alone.ts";
import type { Environment } from "./environment.ts";
import type { Answered, Link } from "./link.ts";
import type { LogoutOutcome, LogoutScope } from "./session-client.ts";

/** Signing out on the server: noted before it is tried, and tried again until the server has answered, also by a later page. */
export interface Logouts {
  readonly waiting: () => boolean;
  /** Notes and sends; one that waits already is widened, never narrowed. */
  readonly send: (scope: LogoutScope, epoch: string) => Promise<LogoutOutcome>;
  /** Sends a waiting one again if the session it was meant for is the one that the server has just shown, and drops it if not; but not for the answer to a question from before it. `true` when it was sent. */
  readonly finish: (answer: Answered) => Promise<boolean>;
}

export function createLogouts(env: Environment, key: string, { post, send }: Link): Logouts {
  const place = `${key}:logout`;
  /** Scope, epoch (none for a session that this browser had not heard of yet) and when it was pressed. */
  const waits = (): string[] => (env.storage.getItem(place) ?? "").split(" ");

  const through = (scope: string): Promise<LogoutOutcome> =>
    within(env, PATIENCE, async ({ signal }): Promise<LogoutOutcome> => {
      // Outlives the page.
      const { response, problem } = await send(post("/logout", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ scope }), keepalive: true, signal }), "sound");
      for (const kept of ["fresh_required", "unsupported"] as const) if (problem?.is(kept)) return kept;
      return response.status === 204 ? "done" : /^(2|5|401|408|429)/.test(`${response.status}`) || problem?.is("csrf") ? "pending" : "refused";
    })
      .catch((): LogoutOutcome => "pending")
      .then((outcome) => {
        if (outcome !== "pending") env.storage.removeItem(place);
        return outcome;
      });

  return {
    waiting: () => !!waits()[0],
    send(scope, epoch) {
      const [before, of] = waits();
      const wider = before && before !== scope && (!of || !epoch || of === epoch) ? "all" : scope;
      // Who signed out of a session that nobody knew meant the one that there is.
      env.storage.setItem(place, `${wider} ${!before || of ? epoch : ""} ${env.now()}`);
      return through(wider);
    },
    async finish({ view, sentAt }) {
      const [scope, epoch, at] = waits();
      if (!scope) return false;
      if (view.state === "active" && (!epoch || view.epoch === epoch)) return (await through(scope)) !== "pending";
      if (!(Number(at) > sentAt && Number(at) <= env.now())) env.storage.removeItem(place);
      return false;
    },
  };
}
