import { request } from "node:http";

export interface Sight {
  /** Which node answered; undefined where none did. */
  readonly node: string | undefined;
  readonly status: number;
  readonly setCookies: readonly string[];
}

export interface Client {
  readonly node: string | undefined;
  /** The cookies it holds, by name. */
  readonly cookies: ReadonlyMap<string, string>;
  ask(what?: Asked): Promise<Sight>;
}

export interface Asked {
  /** Default GET. */
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
}

export interface ClientOptions {
  /** Whether it takes cookies. Default true. */
  readonly cookies?: boolean;
  /** Its address, of the 16 million that 127.0.0.0/8 has. Default one for each number. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that takes longer hangs. */
const PATIENCE = 45_000;

const addressOf = (number: number): string => `127.${10 + (number % 200)}.${(number * 37) % 251}.${1 + ((number * 101) % 251)}`;

/** A browser of sorts: an address, a cookie jar, and a new connection for each request. It asks again nothing. */
export const createClient = (url: string, number: number, { cookies: takes = true, address = addressOf(number), headers = {} }: ClientOptions = {}): Client => {
  const jar = new Map<string, string>();
  let node: string | undefined;
  const keep = (line: string): void => {
    const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*Max-Age=0\b/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  };
  return {
    get node() {
      return node;
    },
    cookies: jar,
    ask: ({ method = "GET", path = "/" } = {}) =>
      new Promise((resolve, refuse) => {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        const sent = request(new URL(path, url), { method, agent: false, localAddress: address, headers: { ...headers, ...(cookie === "" ? {} : { cookie }) } }, (response) => {
          const setCookies = response.headers["set-cookie"] ?? [];
          if (takes) setCookies.forEach(keep);
          const answered = response.headers["x-node"];
          const sight = { node: typeof answered === "string" ? answered : undefined, status: response.statusCode ?? 0, setCookies };
          response.resume().once("error", refuse).once("end", () => {
            node = sight.node ?? node;
            resolve(sight);
          });
        });
        sent.setTimeout(PATIENCE, () => sent.destroy(new Error(`no answer in ${PATIENCE / 1000} s`))).once("error", refuse).end();
      }),
  };
};
