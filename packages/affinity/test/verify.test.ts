import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Verification, verifyAffinity, type VerifyOptions } from "@holdfast/affinity/verify";
import { describe, expect, it } from "vitest";
import { leakIn } from "../src/lib/verify/affinity-cookie.ts";
import { chanceOfSoFew, isLess, type Share, unevenness } from "../src/lib/verify/spread.ts";

const NAME = "__Host-hf_node";

interface Nodes {
  /** They are not there. */
  readonly away?: ReadonlySet<string>;
  /** They get nobody new. */
  readonly closed?: ReadonlySet<string>;
  /** What the cookie calls a node. */
  readonly labelOf?: (node: string) => string;
}

/** Nodes behind a balancer that goes by a cookie, all in one. */
const balancer = (nodes: readonly string[], { away = new Set(), closed = new Set(), labelOf = (node) => node }: Nodes = {}) => {
  let turn = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const up = nodes.filter((node) => !away.has(node));
    const open = up.filter((node) => !closed.has(node));
    const value = new RegExp(`${NAME}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1];
    const own = up.find((node) => labelOf(node) === value);
    const node = own ?? open[(turn += 1) % open.length] ?? "";
    if (own === undefined) response.setHeader("set-cookie", `${NAME}=${labelOf(node)}; Path=/; HttpOnly; Secure; SameSite=Lax`);
    response.setHeader("x-node", node).end();
  };
};

async function look(answer: (request: IncomingMessage, response: ServerResponse) => void, options: VerifyOptions = {}): Promise<Verification> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    return await verifyAffinity(`http://127.0.0.1:${port}/`, { clients: 30, ...options });
  } finally {
    server.close();
  }
}
const codes = ({ findings }: Verification): string[] => findings.map(({ code }) => code);
const none = async (): Promise<void> => undefined;
/** Seen or not, by turns: which node was taken, and whether it came back. */
const losing = (away: Set<string>, after: Partial<NonNullable<VerifyOptions["lose"]>> = {}): NonNullable<VerifyOptions["lose"]> => ({
  async take(node) {
    away.add(node);
    await after.take?.(node);
  },
  async giveBack(node) {
    away.delete(node);
    await after.giveBack?.(node);
  },
});

describe("the probe", () => {
  it("finds nothing wrong with a cookie, and sees a loss and a return", async () => {
    const away = new Set<string>();
    const found = await look(balancer(["a", "b", "c"], { away }), { lose: losing(away) });
    expect([found.key, codes(found)]).toEqual(["cookie", []]);
    expect(found.loss).toEqual({ victims: 10, victimsMoved: 10, bystandersMoved: 0, stranded: 0, movedOnReturn: 0, holders: 30, holdersElsewhere: 0, newcomers: 30, newOnIt: 10, errors: 0 });
  });

  it("sees that a node which was given back takes no clients again, neither new ones nor those that hold its cookie", async () => {
    const away = new Set<string>();
    const found = await look(balancer(["a", "b", "c"], { away }), { lose: { take: losing(away).take, giveBack: none } });
    expect(codes(found)).toEqual(["not_back"]);
    expect(found.loss).toMatchObject({ holders: 30, holdersElsewhere: 30, newcomers: 30, newOnIt: 0 });
    expect(found.findings[0]?.text).toContain("0 of 30 new clients were sent to it, of 90 before it was 30, and 30 of 30 that held its cookie were sent elsewhere");
  });

  it("sees that a node which was given back takes those that hold its cookie, and nobody new", async () => {
    const [away, closed] = [new Set<string>(), new Set<string>()];
    const found = await look(balancer(["a", "b", "c"], { away, closed }), { lose: losing(away, { giveBack: async (node) => void closed.add(node) }) });
    expect(codes(found)).toEqual(["not_back"]);
    expect(found.loss).toMatchObject({ holders: 30, holdersElsewhere: 0, newOnIt: 0 });
  });

  it("sees that a node which was given back has another name in the cookie, so that those that hold the old one are sent elsewhere", async () => {
    const away = new Set<string>();
    let generation = "";
    const found = await look(balancer(["a", "b", "c"], { away, labelOf: (node) => `${node}${generation}` }), { lose: losing(away, { giveBack: async () => void (generation = "again") }) });
    expect(codes(found)).toEqual(["fails_back", "cookie_forgotten"]);
    expect(found.loss?.holdersElsewhere).toBeGreaterThan(0);
  });

  it("counts clients that move, not their moves: those that go from node to node when one is back, and those that find their own again while it is away", async () => {
    const nodes = ["a", "b", "c"];
    let [back, turn] = [false, 0];
    const found = await look((request, response) => {
      const own = nodes.indexOf(new RegExp(`${NAME}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1] ?? "");
      const node = nodes[own < 0 ? (turn += 1) % 3 : back ? (own + 1) % 3 : own] ?? "";
      response.setHeader("set-cookie", `${NAME}=${node}; Path=/; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    }, { lose: { take: none, giveBack: async () => void (back = true) } });
    expect(codes(found)).toEqual(["not_lost", "fails_back", "cookie_forgotten"]);
    expect(found.loss).toMatchObject({ victimsMoved: 0, bystandersMoved: 0, movedOnReturn: 30 });
    expect(found.findings[1]?.text).toMatch(/^when \w was back, 30 of 30 clients moved, 0 a second time\./);

    let asked = 0;
    let away = false;
    const there = await look((request, response) => {
      const own = new RegExp(`${NAME}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1] ?? nodes[(turn += 1) % 3] ?? "";
      // The first round that is asked meanwhile is answered by others, the second is not.
      const node = away && (asked += 1) <= 30 ? (nodes[(nodes.indexOf(own) + 1) % 3] ?? "") : own;
      response.setHeader("set-cookie", `${NAME}=${own}; Path=/; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    }, { lose: { take: async () => void (away = true), giveBack: none } });
    expect(there.loss).toMatchObject({ victims: 10, victimsMoved: 10, bystandersMoved: 20, movedOnReturn: 0 });
  });

  it("says nothing of clients that nobody answered: neither new ones, nor those that held the cookie of the node", async () => {
    const away = new Set<string>();
    const answer = balancer(["a", "b", "c"], { away });
    let back = "";
    const limited = (isLimited: (cookie: string) => boolean) => look((request, response) => (back !== "" && isLimited(request.headers.cookie ?? "") ? void response.writeHead(429).end() : answer(request, response)), { lose: losing(away, { giveBack: async (node) => void (back = node) }) });
    const noNew = await limited((cookie) => cookie === "");
    expect(codes(noNew)).toEqual(["errors"]);
    expect(noNew.loss).toMatchObject({ holders: 30, holdersElsewhere: 0, newcomers: 0, newOnIt: 0 });
    expect(noNew.untried).toContainEqual(expect.stringMatching(/^whether new clients meet \w again: 0 of 30 were answered/));
    back = "";
    const noHolders = await limited((cookie) => cookie.endsWith(`=${back}`));
    expect(codes(noHolders)).toEqual(["errors"]);
    expect(noHolders.loss).toMatchObject({ holders: 0, holdersElsewhere: 0 });
    expect(noHolders.untried).toContainEqual(expect.stringMatching(/^whether cookies of \w are good for it again: 0 of 30 /));
    back = "";
    const nobody = await limited(() => true);
    expect(codes(nobody)).toEqual(["errors"]);
    expect(nobody.untried).toContainEqual(expect.stringMatching(/^who moves when \w is back: 0 of 30 clients were answered/));
  });

  it("sees that the clients of a node get no answer while it is gone, and that they do at a second try", async () => {
    const away = new Set<string>();
    const answer = balancer(["a", "b", "c"], { away });
    const own = (request: IncomingMessage): string => new RegExp(`${NAME}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1] ?? "";
    const found = await look((request, response) => (away.has(own(request)) ? void response.writeHead(503).end() : answer(request, response)), { lose: losing(away) });
    expect(codes(found)).toEqual(["not_failed_over", "errors"]);
    expect(found.loss).toMatchObject({ victims: 10, victimsMoved: 0, stranded: 10, errors: 20 });
    expect(found.findings[0]?.text).toContain("10 of its 10 clients got no answer");

    let refused = 0;
    const late = await look((request, response) => (away.has(own(request)) && (refused += 1) <= 10 ? void response.writeHead(503).end() : answer(request, response)), { lose: losing(away) });
    expect(codes(late)).toEqual(["errors"]);
    expect(late.loss).toMatchObject({ victimsMoved: 10, stranded: 0, errors: 10 });
  });

  it("does not blame a node's loss where nobody is answered while it is gone", async () => {
    const away = new Set<string>();
    const answer = balancer(["a", "b", "c"], { away });
    const found = await look((request, response) => (away.size > 0 ? void response.writeHead(429).end() : answer(request, response)), { lose: losing(away) });
    expect(codes(found)).toEqual(["errors"]);
    expect(found.untried).toContainEqual(expect.stringMatching(/^who moves when \w is gone: 0 of its 10 clients were answered, and 0 of 20 others/));
  });

  it("says where too few clients met a node to tell whether it takes new ones again", async () => {
    const away = new Set<string>();
    const nodes = Array.from({ length: 40 }, (_, number) => `n${number}`);
    const found = await look(balancer(nodes, { away }), { lose: losing(away) });
    expect(codes(found)).toEqual([]);
    expect(found.untried).toContainEqual(expect.stringContaining("too few to tell"));
  });

  it("tells a balancer that goes by a whole network from one that goes by addresses", async () => {
    const octets = (request: IncomingMessage): number[] => String(request.socket.remoteAddress).split(".").map(Number);
    const addressOf = (client: number): string => `127.${20 + (client % 5)}.${client % 251}.${1 + (client % 101)}`;
    const byNetwork = await look((request, response) => void response.setHeader("x-node", `n${(octets(request)[2] ?? 0) % 3}`).end(), { addressOf });
    expect([byNetwork.key, codes(byNetwork)]).toEqual(["address", ["by_address", "by_network"]]);
    const byAddress = await look((request, response) => void response.setHeader("x-node", `n${octets(request).reduce((sum, octet) => sum + octet, 0) % 3}`).end(), { addressOf });
    expect([byAddress.key, codes(byAddress)]).toEqual(["address", ["by_address"]]);
  });

  it("is not led astray by a balancer whose turns go forth and back, as if in step with its clients", async () => {
    let turn = 0;
    const found = await look((_, response) => {
      const place = turn++ % 60;
      response.setHeader("x-node", `n${Math.min(place, 59 - place) % 3}`).end();
    });
    expect([found.key, codes(found)]).toEqual(["none", ["not_sticky"]]);
  });

  it("a node that nobody met until another was gone is one to which nobody was sent", async () => {
    const away = new Set<string>();
    const closed = new Set(["c"]);
    const found = await look(balancer(["a", "b", "c"], { away, closed }), {
      lose: losing(away, { take: async () => closed.clear(), giveBack: async () => void closed.add("c") }),
    });
    expect(codes(found)).toEqual(["uneven"]);
    expect(found.findings[0]?.text).toMatch(/c 0/);
  });

  it.each([
    ["from one address", undefined],
    ["from many", (client: number) => `127.0.0.${2 + client}`],
  ])("says that there is a single node, and takes none away, %s", async (_, addressOf) => {
    const found = await look(balancer(["a"]), { ...(addressOf && { addressOf }), lose: { take: () => Promise.reject(new Error("taken")), giveBack: none } });
    expect([found.key, codes(found), found.loss]).toEqual(["unknown", ["one_node"], undefined]);
    expect(found.untried).toContainEqual(expect.stringContaining("there is no other"));
  });

  it("takes the answers of a rate limit for no answers of nodes, and knows nothing then", async () => {
    let requests = 0;
    const found = await look((_, response) => ((requests += 1) > 30 ? response.writeHead(429).end() : response.setHeader("x-node", `n${requests % 3}`).end()));
    expect([found.key, codes(found)]).toEqual(["unknown", ["errors"]]);
    expect(found.findings[0]?.text).toMatch(/^\d+ of \d+ answers lack the header x-node/);
  });

  it("says that requests failed", async () => {
    const answer = balancer(["a", "b", "c"]);
    let requests = 0;
    const found = await look((request, response) => ((requests += 1) === 40 ? void response.writeHead(502).end() : answer(request, response)));
    expect([found.key, found.errors, codes(found)]).toEqual(["cookie", 1, ["errors"]]);
  });

  /** One of so many new clients goes to `b`, all others to `a`. */
  const lopsided = (one: number) => {
    let turn = 0;
    return (): string => ((turn += 1) % one === 0 ? "b" : "a");
  };
  const byHeaderOf = (next: () => string) => {
    const known = new Map<string, string>();
    return (request: IncomingMessage, response: ServerResponse): void => {
      const value = request.headers["x-session-id"];
      const own = typeof value === "string" ? (known.get(value) ?? next()) : next();
      if (typeof value === "string") known.set(value, own);
      response.setHeader("x-node", own).end();
    };
  };

  it.each([
    ["nine to one, 30 clients", 10, 30],
    ["32 to one, 90 clients", 33, 90],
  ])("does not take a balancer that keeps every cookie for one that keeps none where few clients are on the other node: %s", async (_, one, clients) => {
    const next = lopsided(one);
    const found = await look((request, response) => {
      const node = /__Host-hf_node=(\w)/.exec(request.headers.cookie ?? "")?.[1] ?? next();
      response.setHeader("set-cookie", `${NAME}=${node}; Path=/; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    }, { clients });
    expect([found.key, codes(found)]).toEqual(["cookie", ["uneven"]]);
    expect(found.untried).toContainEqual(expect.stringMatching(/^whether clients with cookies are kept: .* too few .* Take more clients/));
  });

  it.each([
    ["nine to one, 30 clients", 10, 30],
    ["19 to one, 90 clients", 20, 90],
  ])("nor one that keeps every value of a header: %s", async (_, one, clients) => {
    const found = await look(byHeaderOf(lopsided(one)), { clients });
    expect([found.key, codes(found)]).toEqual(["header", ["not_sticky", "uneven"]]);
    expect(found.untried).toContainEqual(expect.stringMatching(/^whether clients with X-Session-ID are kept: .* too few/));
  });

  it("sees a header by which clients are kept where all without it are sent to one node", async () => {
    let turn = 0;
    const kept = byHeaderOf(() => "abc"[(turn += 1) % 3] ?? "");
    const found = await look((request, response) => (request.headers["x-session-id"] === undefined ? void response.setHeader("x-node", "a").end() : kept(request, response)));
    expect([found.key, codes(found)]).toEqual(["header", []]);
  });

  it("mentions clients that moved with their second request where they are few", async () => {
    let seconds = 0;
    const asked = new Map<string, number>();
    let turn = 0;
    const found = await look((request, response) => {
      const [id = `${(turn += 1)}`, own] = /n=(\d+)\.(\w)/.exec(request.headers.cookie ?? "")?.slice(1) ?? [];
      const times = (asked.get(id) ?? 0) + 1;
      asked.set(id, times);
      const node = own === undefined ? ("abc"[turn % 3] ?? "") : times === 2 && (seconds += 1) <= 3 ? (own === "a" ? "b" : "a") : own;
      response.setHeader("set-cookie", `n=${id}.${node}; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    });
    expect([found.key, codes(found)]).toEqual(["cookie", []]);
    expect(found.untried).toContainEqual(expect.stringContaining("3 of 30 clients moved with their second request"));
  });

  it("a command that takes nothing away is no loss that went well", async () => {
    const found = await look(balancer(["a", "b", "c"]), { lose: { take: none, giveBack: none } });
    expect(codes(found)).toEqual(["not_lost"]);
  });

  it("gives back what was taken by a command that failed, and says why that failed", async () => {
    for (const giveBack of [none, () => Promise.reject(new Error("not given back"))]) {
      const away = new Set<string>();
      const took = look(balancer(["a", "b", "c"], { away }), { lose: losing(away, { take: () => Promise.reject(new Error("after it acted")), giveBack }) });
      await expect(took).rejects.toThrow("after it acted");
      expect(away.size).toBe(0);
    }
  });

  it("says that what was taken could not be given back", async () => {
    const away = new Set<string>();
    await expect(look(balancer(["a", "b", "c"], { away }), { lose: losing(away, { giveBack: () => Promise.reject(new Error("not given back")) }) })).rejects.toThrow("not given back");
  });
});

describe("what chance does", () => {
  /** Mulberry32: the same numbers every time. */
  const dice = (seed: number) => (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const throwInto = (random: () => number, clients: number, shares: readonly number[]): ReadonlyMap<string, number> => {
    const spread = new Map<string, number>();
    const all = shares.reduce((sum, share) => sum + share, 0);
    for (let client = 0; client < clients; client += 1) {
      let left = random() * all;
      const index = shares.findIndex((share) => (left -= share) < 0);
      spread.set(`n${index}`, (spread.get(`n${index}`) ?? 0) + 1);
    }
    return spread;
  };
  const nodes = (count: number): ReadonlySet<string> => new Set(Array.from({ length: count }, (_, index) => `n${index}`));

  it.each([2, 3, 10, 40])("360 clients that are sent to %i nodes by chance are called uneven in at most two of a thousand runs", (count) => {
    const random = dice(count);
    const runs = 5000;
    const called = Array.from({ length: runs }, () => unevenness(throwInto(random, 360, Array<number>(count).fill(1)), nodes(count))).filter((found) => found.length > 0).length;
    expect(called / runs).toBeLessThanOrEqual(0.002);
  });

  it("a node with half as much again as its share is seen in 99 of 100 runs", () => {
    const random = dice(1);
    const called = Array.from({ length: 1000 }, () => unevenness(throwInto(random, 360, [1.5, 0.75, 0.75]), nodes(3))).filter((found) => found.length > 0).length;
    expect(called).toBeGreaterThan(990);
  });

  it("a node that takes new clients as before is called `not_back` in at most two of a thousand runs, and one that takes none always", () => {
    const random = dice(7);
    const runs = 5000;
    const called = Array.from({ length: runs }, () => {
      const [before, after] = [270, 90].map((of) => ({ of, some: throwInto(random, of, [1, 1, 1]).get("n0") ?? 0 })) as [Share, Share];
      expect(isLess({ of: 90, some: 0 }, before)).toBe(true);
      return isLess(after, before);
    }).filter(Boolean).length;
    expect(called / runs).toBeLessThanOrEqual(0.002);
  });

  it("the exact test gives what is worked out by hand: the lady who tastes tea, and one draw", () => {
    expect(chanceOfSoFew({ of: 4, some: 0 }, { of: 4, some: 4 })).toBeCloseTo(1 / 70, 12);
    expect(chanceOfSoFew({ of: 4, some: 1 }, { of: 4, some: 3 })).toBeCloseTo(17 / 70, 12);
    expect(chanceOfSoFew({ of: 1, some: 0 }, { of: 2, some: 1 })).toBeCloseTo(2 / 3, 12);
    expect(chanceOfSoFew({ of: 10_000, some: 3300 }, { of: 30_000, some: 10_000 })).toBeCloseTo(0.27423, 5);
    expect(chanceOfSoFew({ of: 10_000, some: 0 }, { of: 30_000, some: 10_000 })).toBeLessThan(1e-100);
    expect(chanceOfSoFew({ of: 5, some: 5 }, { of: 5, some: 0 })).toBeCloseTo(1, 12);
  });
});

describe("what a cookie shows", () => {
  const suspects = ["10.0.0.1:8080", "[fd00::1]:80", "app0.internal:80"];
  it.each(["10.0.0.1", "10.0.0.1:8080", "10-0-0-1", "ip-10-0-0-1", "10_0_0_1", "0a000001", "0A000001", "167772161", "fd00::1", "[fd00::1]:80", "app0.internal", "app0.internal:80", "app0", "srv-app0.internal:80", Buffer.from("10.0.0.1:8080").toString("base64"), Buffer.from("app0.internal:80").toString("base64url")])("%s tells where a node is", (value) => {
    expect(leakIn(value, suspects)).toMatch(/the address/);
  });

  it.each(["a", "node-1", "n1", "b3", "0a000002", "app", "11111111-2222-3333-4444-555555555555", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])("%s does not", (value) => {
    expect(leakIn(value, suspects)).toBeUndefined();
  });
});
