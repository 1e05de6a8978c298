import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Verification, verifyAffinity, type VerifyOptions } from "@holdfast/affinity/verify";
import { describe, expect, it } from "vitest";
import { leakIn } from "../src/lib/verify/affinity-cookie.ts";

const NAME = "__Host-hf_node";

/** Nodes behind a balancer that goes by a cookie, all in one: `away` are not there. */
const balancer = (nodes: readonly string[], away: ReadonlySet<string> = new Set()) => {
  let turn = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const up = nodes.filter((node) => !away.has(node));
    const own = new RegExp(`${NAME}=(\\w+)`).exec(request.headers.cookie ?? "")?.[1] ?? "";
    const node = up.includes(own) ? own : (up[(turn += 1) % up.length] ?? "");
    if (node !== own) response.setHeader("set-cookie", `${NAME}=${node}; Path=/; HttpOnly; Secure; SameSite=Lax`);
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
    const found = await look(balancer(["a", "b", "c"], away), { lose: losing(away) });
    expect([found.key, codes(found)]).toEqual(["cookie", []]);
    expect(found.loss).toMatchObject({ victims: 10, victimsMoved: 10, bystandersMoved: 0, movedOnReturn: 0, errors: 0 });
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

  it("a command that takes nothing away is no loss that went well", async () => {
    const found = await look(balancer(["a", "b", "c"]), { lose: { take: none, giveBack: none } });
    expect(codes(found)).toEqual(["not_lost"]);
  });

  it("gives back what was taken by a command that failed, and says why that failed", async () => {
    for (const giveBack of [none, () => Promise.reject(new Error("not given back"))]) {
      const away = new Set<string>();
      const took = look(balancer(["a", "b", "c"], away), { lose: losing(away, { take: () => Promise.reject(new Error("after it acted")), giveBack }) });
      await expect(took).rejects.toThrow("after it acted");
      expect(away.size).toBe(0);
    }
  });

  it("says that what was taken could not be given back", async () => {
    const away = new Set<string>();
    await expect(look(balancer(["a", "b", "c"], away), { lose: losing(away, { giveBack: () => Promise.reject(new Error("not given back")) }) })).rejects.toThrow("not given back");
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
