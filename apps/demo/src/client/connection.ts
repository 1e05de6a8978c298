import { DEADLINES_HEADER, type EndedReason, evaluate, parseDeadlines, parseSessionView } from "@holdfast/session-protocol";
import type { PortalConfig, Remaining, Session } from "./app.ts";

export interface Connection {
  readonly session: Session;
  readonly warning: boolean;
  start(): Promise<void>;
  remaining(): Remaining | undefined;
  refresh(): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  extend(): Promise<boolean>;
  signOut(scope: "this" | "others" | "all"): Promise<boolean>;
}

export function createConnection(config: PortalConfig, on: { changed(): void; over(reason: EndedReason | undefined): void }): Connection {
  let session: Session = { state: "none" };
  let idleAt = 0;
  let absoluteAt = 0;
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(path, init);
    const deadlines = parseDeadlines(response.headers.get(DEADLINES_HEADER));
    if (deadlines) {
      idleAt = Date.now() + deadlines.idle * 1000;
      absoluteAt = Date.now() + deadlines.absolute * 1000;
    }
    return response;
  };
  const refresh = async (): Promise<void> => {
    const before = session;
    session = (parseSessionView(await (await call("/session")).json()) ?? { state: "none" }) as Session;
    if (session.state !== "none") {
      idleAt = Date.now() + session.idleIn * 1000;
      absoluteAt = Date.now() + session.expiresIn * 1000;
    }
    if (before.state === "active" && session.state !== "active") on.over(session.state === "none" ? session.ended : "logout");
    else if (before.state !== session.state) on.changed();
  };
  return {
    get session() {
      return session;
    },
    get warning() {
      return session.state === "active" && evaluate({ idleAt, absoluteAt }, Date.now(), config.warn).state === "warning";
    },
    start: refresh,
    remaining: () => (session.state === "none" ? undefined : { idle: idleAt - Date.now(), absolute: absoluteAt - Date.now() }),
    refresh,
    fetch: call,
    async extend() {
      return (await call("/session/touch", { method: "POST" })).ok;
    },
    async signOut(scope) {
      const answer = await call("/session/logout", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ scope }) });
      if (answer.ok && scope !== "others") on.over("logout");
      return answer.ok;
    },
  };
}
