/** What a request came to. `undefined` status: no answer, so nobody knows whether it was carried out. */
export interface Reply {
  readonly status: number | undefined;
  /** The node that answered: it names itself. */
  readonly node: string | undefined;
  /** The node that the balancer sent it to, where it says that. */
  readonly sentTo?: string;
  /** Nobody answered for so long that the visitor went. */
  readonly timedOut?: boolean;
  readonly body: unknown;
  /** On the clock of `performance.now()`. */
  readonly began: number;
  readonly ended: number;
}

/** The header in which a balancer says where it sent a request, if it does (start-cluster.ts). */
export const SENT_TO = "x-sent-to";

/** A browser of sorts: a cookie jar, and the headers of a same-origin request. It asks nothing again. */
export class Visitor {
  readonly #url: string;
  readonly #keepAlive: boolean;
  readonly #jar = new Map<string, string>();

  /** @param keepAlive false where the balancer reads its file anew: NGINX closes connections then, maybe in the moment of the next request. A browser asks again; this does not. */
  constructor(url: string, { keepAlive = true } = {}) {
    this.#url = url;
    this.#keepAlive = keepAlive;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const began = performance.now();
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = {
      "sec-fetch-site": "same-origin",
      ...(this.#keepAlive ? {} : { connection: "close" }),
      ...(method === "GET" ? {} : { origin: this.#url }),
      ...(cookie === "" ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    let from: Pick<Reply, "node" | "sentTo"> = { node: undefined };
    try {
      const response = await fetch(this.#url + path, { method, headers, signal: AbortSignal.timeout(60_000), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const sentTo = response.headers.get(SENT_TO);
      from = { node: response.headers.get("x-node") ?? undefined, ...(sentTo === null ? {} : { sentTo }) };
      const text = await response.text();
      this.#take(response.headers.getSetCookie());
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      return { ...from, status: response.status, body: isJson ? JSON.parse(text) : text, began, ended: performance.now() };
    } catch (error) {
      return { ...from, status: undefined, timedOut: (error as Error).name === "TimeoutError", body: String((error as Error).cause ?? error), began, ended: performance.now() };
    }
  }

  #take(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*Max-Age=0\b/i.test(line)) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
  }
}
