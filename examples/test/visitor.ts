import { request as httpRequest } from "node:http";
import type { Me } from "../shared/src/shop.ts";

export interface Answer {
  readonly status: number;
  /** One entry for each Set-Cookie field that came over the wire. */
  readonly setCookies: readonly string[];
  readonly headers: Headers;
  readonly text: string;
  readonly me: Me;
}

export interface Sending {
  readonly body?: unknown;
  /** Laid over the headers of a browser; `undefined` takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Instead of the jar's. */
  readonly cookie?: string;
  /** Leaves the jar as it is, like an answer that got lost. */
  readonly lost?: boolean;
}

/** A browser with one jar, over node:http to see the fields as they come. It sends Secure cookies to 127.0.0.1 too. */
export class Visitor {
  readonly jar = new Map<string, string>();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  get(path: string, sending: Sending = {}): Promise<Answer> {
    return this.#send("GET", path, sending);
  }

  post(path: string, sending: Sending = {}): Promise<Answer> {
    return this.#send("POST", path, sending);
  }

  #send(method: string, path: string, { body, headers = {}, cookie = this.cookie, lost = false }: Sending): Promise<Answer> {
    const json = method === "GET" ? undefined : JSON.stringify(body ?? {});
    const sent = {
      ...(cookie === "" ? {} : { cookie }),
      "sec-fetch-site": "same-origin",
      ...(json === undefined ? {} : { origin: this.#url, "content-type": "application/json", "content-length": String(Buffer.byteLength(json)) }),
      ...headers,
    };
    return new Promise((resolve, refuse) => {
      // A connection for each: workerd closes one on which nobody read the request's body, and says so to nobody.
      const request = httpRequest(this.#url + path, { agent: false, method, headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)) });
      request.once("error", refuse).once("response", (response) => {
        response.toArray().then((chunks: Buffer[]) => {
          const received = new Headers();
          const setCookies: string[] = [];
          for (let i = 0; i < response.rawHeaders.length; i += 2) {
            const [name = "", value = ""] = response.rawHeaders.slice(i, i + 2);
            if (name.toLowerCase() === "set-cookie") setCookies.push(value);
            else received.append(name, value);
          }
          if (!lost) for (const line of setCookies) this.#take(line);
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            setCookies,
            headers: received,
            text,
            get me() {
              return JSON.parse(text) as Me;
            },
          });
        }, refuse);
      });
      request.end(json);
    });
  }

  #take(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*Max-Age=0\b/i.test(line)) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}
