/** What a request came to. `undefined` status: no answer, so nobody knows whether it was carried out. */
export interface Reply {
  readonly status: number | undefined;
  readonly node: string | undefined;
  readonly body: unknown;
  /** On the clock of `performance.now()`. */
  readonly began: number;
  readonly ended: number;
}

/** A browser of sorts: a cookie jar, and the headers of a same-origin request. It asks nothing again. */
export class Visitor {
  readonly #url: string;
  readonly #jar = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const began = performance.now();
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = {
      "sec-fetch-site": "same-origin",
      ...(method === "GET" ? {} : { origin: this.#url }),
      ...(cookie === "" ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    try {
      const response = await fetch(this.#url + path, { method, headers, signal: AbortSignal.timeout(60_000), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await response.text();
      this.#take(response.headers.getSetCookie());
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      return { status: response.status, node: response.headers.get("x-node") ?? undefined, body: isJson ? JSON.parse(text) : text, began, ended: performance.now() };
    } catch (error) {
      return { status: undefined, node: undefined, body: String((error as Error).cause ?? error), began, ended: performance.now() };
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
