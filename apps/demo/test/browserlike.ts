/** A client with a cookie jar and the headers that a browser sends with a same-origin request. */
export class Browserlike {
  readonly jar = new Map<string, string>();
  readonly #url: string;
  readonly #userAgent: string;

  constructor(url: string, userAgent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36") {
    this.#url = url;
    this.#userAgent = userAgent;
  }

  /** The Cookie header it would send. */
  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(method: string, path: string, body?: unknown, cookie = this.cookie): Promise<Response> {
    const response = await this.sendOnly(method, path, body, cookie);
    this.take(response);
    return response;
  }

  /** Sends without looking at the Set-Cookie of the answer. */
  sendOnly(method: string, path: string, body?: unknown, cookie = this.cookie): Promise<Response> {
    return fetch(this.#url + path, {
      method,
      headers: {
        "user-agent": this.#userAgent,
        "sec-fetch-site": "same-origin",
        ...(method === "GET" ? {} : { origin: this.#url }),
        ...(cookie === "" ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  take(response: Response): void {
    for (const { name, value, gone } of setCookies(response)) {
      if (gone) this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }

  async json<T = Record<string, unknown>>(method: string, path: string, body?: unknown, cookie = this.cookie): Promise<T> {
    return (await (await this.send(method, path, body, cookie)).json()) as T;
  }

  async signIn(username = "ada"): Promise<{ id: string; cart: string[]; previousId?: string }> {
    const response = await this.send("POST", "/api/sign-in", { username, password: "correct-horse" });
    if (response.status !== 200) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; cart: string[]; previousId?: string };
  }
}

export interface View {
  readonly state: "active" | "guest" | "none";
  readonly id?: string;
  readonly ended?: string;
}

export function setCookies(response: Response): { name: string; value: string; gone: boolean; header: string }[] {
  return response.headers.getSetCookie().map((header) => {
    const [pair = ""] = header.split(";");
    const at = pair.indexOf("=");
    return { name: pair.slice(0, at), value: pair.slice(at + 1), gone: /;\s*Max-Age=0\b/i.test(header), header };
  });
}

/** The secret inside a credential: partition 9, nonce 9, version 1, key 2, chain 1, step 2, secret 32, tag 16. */
export function secretOf(credential: string): string {
  const bytes = Buffer.from(credential, "base64url");
  if (bytes.length !== 72) throw new Error(`A credential of ${bytes.length} bytes`);
  return bytes.subarray(24, 56).toString("hex");
}
