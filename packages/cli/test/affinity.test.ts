import { createServer } from "node:http";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
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

  it("verify: takes a node away by a command, gives it back by another, and says whether it takes clients again", async () => {
    const { holdfast, at } = shell();
    const command = (name: string, text: string): void => {
      writeFileSync(at(name), `#!/bin/sh\n${text}\n`);
      chmodSync(at(name), 0o755);
    };
    command("take", `: > "${at("away-")}$HOLDFAST_NODE"`);
    command("back", `rm "${at("away-")}$HOLDFAST_NODE"`);
    let turn = 0;
    const server = createServer((request, response) => {
      const up = ["a", "b", "c"].filter((node) => !existsSync(at(`away-${node}`)));
      const own = /__Host-n=(\w)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
      const node = up.includes(own) ? own : (up[(turn += 1) % up.length] ?? "");
      response.setHeader("set-cookie", `__Host-n=${node}; Path=/; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const verify = (giveBack: string) => holdfast(`affinity verify http://127.0.0.1:${port}/ --clients 30 --settle 1s --take ${at("take")} --give-back ${giveBack}`);
    try {
      expect(await verify(at("back"))).toMatchObject({ code: 0, out: expect.stringMatching(/node back: it met 10 of 30 new clients, and 30 of 30 that were there before/) });
      expect(await verify("true")).toMatchObject({ code: 1, out: expect.stringMatching(/node back: it met 0 of 30 new clients, and 0 of 30 [\s\S]*WRONG not_back: /) });
    } finally {
      server.close();
    }
  });
});
