import { type IncomingMessage, request as plain, type RequestOptions } from "node:http";
import { request as secure } from "node:https";

/** One client as a balancer sees it: an address, perhaps a cookie jar, perhaps a header. */
export interface Probe {
  /** Who answered last. */
  readonly node: string | undefined;
  /** Cookies it was given, whether it keeps them or not: each line as it came. */
  readonly given: readonly string[];
  /** One request on a new connection. */
  ask(): Promise<Answer>;
}

export interface Answer {
  readonly ok: boolean;
  readonly node: string | undefined;
}

export interface ProbeOptions {
  readonly keepsCookies: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it comes from, on a machine with many addresses. */
  readonly address?: string | undefined;
}

export interface Probed {
  readonly url: URL;
  readonly nodeHeader: string;
  /** Milliseconds. */
  readonly timeout: number;
}

export function createProbe({ url, nodeHeader, timeout }: Probed, { keepsCookies, headers = {}, address }: ProbeOptions): Probe {
  const jar = new Map<string, string>();
  const given: string[] = [];
  let node: string | undefined;

  const take = (response: IncomingMessage): Answer => {
    for (const line of response.headers["set-cookie"] ?? []) {
      given.push(line);
      const [, name = "", value = ""] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(line)) jar.delete(name);
      else if (keepsCookies) jar.set(name, value);
    }
    const told = response.headers[nodeHeader];
    const answered = typeof told === "string" && told !== "" ? told : undefined;
    const ok = (response.statusCode ?? 500) < 500;
    if (ok && answered !== undefined) node = answered;
    return { ok, node: answered };
  };

  return {
    get node() {
      return node;
    },
    given,
    ask: () =>
      new Promise((resolve) => {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        const options: RequestOptions = { agent: false, headers: { ...headers, ...(cookie === "" ? {} : { cookie }) }, ...(address === undefined ? {} : { localAddress: address }) };
        const fail = (): void => resolve({ ok: false, node: undefined });
        const sent = (url.protocol === "https:" ? secure : plain)(url, options, (response) => {
          const answer = take(response);
          response.resume().once("error", fail).once("end", () => resolve(answer));
        });
        sent.setTimeout(timeout, () => sent.destroy(new Error("too late"))).once("error", fail).end();
      }),
  };
}

export interface Round {
  readonly requests: number;
  readonly errors: number;
  /** Answers that were no errors and did not say which node gave them: a rate limit, a page of the balancer's own. */
  readonly silent: number;
  /** Who was answered by a node. */
  readonly heard: ReadonlySet<Probe>;
  /** Nodes that answered. */
  readonly answered: ReadonlySet<string>;
  /** Whom another node answered than the one before. */
  readonly moved: ReadonlySet<Probe>;
}

/** Every client asks once; sixteen at a time. */
export async function askAll(probes: readonly Probe[]): Promise<Round> {
  const moved = new Set<Probe>();
  const waiting = [...probes];
  const heard = new Set<Probe>();
  const answered = new Set<string>();
  let errors = 0;
  let silent = 0;
  const worker = async (): Promise<void> => {
    for (let probe = waiting.shift(); probe !== undefined; probe = waiting.shift()) {
      const before = probe.node;
      const { ok, node } = await probe.ask();
      if (ok && node !== undefined) {
        heard.add(probe);
        answered.add(node);
      }
      if (!ok) errors += 1;
      else if (node === undefined) silent += 1;
      else if (before !== undefined && node !== before) moved.add(probe);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return { requests: probes.length, errors, silent, heard, answered, moved };
}

export const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + count, 0);

export const spreadOf = (probes: readonly Probe[]): ReadonlyMap<string, number> => {
  const spread = new Map<string, number>();
  for (const { node } of probes) if (node !== undefined) spread.set(node, (spread.get(node) ?? 0) + 1);
  return spread;
};
