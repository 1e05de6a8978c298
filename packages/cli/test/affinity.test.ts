import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shell } from "./support.ts";

const NODES = { nodes: [{ label: "a", address: "10.0.0.1:8080" }, { label: "b", address: "10.0.0.2:8080" }] };

describe("holdfast affinity", () => {
  it("writes a configuration, and beside it what the balancer cannot honour", async () => {
    const { holdfast, at } = shell();
    writeFileSync(at("affinity.json"), JSON.stringify(NODES));
    const { code, out, err } = await holdfast("affinity nginx --file affinity.json --target-version 1.22.1 --listen 127.0.0.1:8080");
    expect(code).toBe(0);
    expect(out).toContain("upstream holdfast-a {");
    expect(out).toContain("listen 127.0.0.1:8080;");
    expect(err).toContain("duration.idle: ");
    const json = JSON.parse((await holdfast("affinity haproxy --file affinity.json --json")).out) as unknown;
    expect(json).toMatchObject({ target: "haproxy", file: "haproxy.cfg", losses: [], proof: "executed" });
  });

  it("tells a wrong command line from a wrong description, and writes nothing then", async () => {
    const { holdfast, at } = shell();
    writeFileSync(at("affinity.json"), JSON.stringify(NODES));
    writeFileSync(at("wrong.json"), JSON.stringify({ ...NODES, cookie: { httpOnly: false } }));
    expect(await holdfast("affinity traefik --file affinity.json")).toMatchObject({ code: 2, out: "" });
    expect(await holdfast("affinity nginx --file affinity.json --target-version newest")).toMatchObject({ code: 2, out: "" });
    expect(await holdfast("affinity nginx --file wrong.json")).toMatchObject({ code: 3, out: "" });
    expect(await holdfast("affinity kubernetes --file affinity.json")).toMatchObject({ code: 3, out: "" });
    expect(await holdfast("affinity nginx --file nowhere.json")).toMatchObject({ code: 3, out: "" });
  });

  it("verify: looks at a balancer, says what is wrong and ends with 1", async () => {
    let turn = 0;
    const server = createServer((_, response) => response.setHeader("x-node", `n${(turn += 1) % 3}`).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const { holdfast } = shell();
      const found = await holdfast(`affinity verify http://127.0.0.1:${port}/ --clients 30 --json`);
      expect(found.code).toBe(1);
      expect(JSON.parse(found.out)).toMatchObject({ key: "none", findings: [{ code: "not_sticky" }] });
      const words = await holdfast(`affinity verify http://127.0.0.1:${port}/ --clients 30 --node-header x-other`);
      expect(words).toMatchObject({ code: 1, out: expect.stringContaining("WRONG no_node") });
      expect((await holdfast("affinity verify ftp://127.0.0.1/")).code).toBe(2);
      expect((await holdfast(`affinity verify http://127.0.0.1:${port}/ --take true`)).code).toBe(2);
    } finally {
      server.close();
    }
  });
});
