import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { createTaking } from "../src/lib/affinity/taking.ts";
import { shell } from "./support.ts";

const BIN = fileURLToPath(new URL("../src/bin.ts", import.meta.url));
/** Lets a process take packages from their sources. */
const SOURCES = new URL("../../store-contract/test/shared/sources.ts", import.meta.url).href;

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

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("verify: gives back what it took when it is ended by %s, and ends by that", async (signal) => {
    const { at } = shell();
    const nodes = ["a", "b", "c"];
    let turn = 0;
    const server = createServer((request, response) => {
      const node = /__Host-n=(\w)/.exec(request.headers.cookie ?? "")?.[1] ?? nodes[(turn += 1) % 3] ?? "";
      response.setHeader("set-cookie", `__Host-n=${node}; Path=/; HttpOnly; Secure; SameSite=Lax`).setHeader("x-node", node).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const words = ["affinity", "verify", `http://127.0.0.1:${port}/`, "--clients", "30", "--settle", "10m", "--take", `: > "${at("away-")}$HOLDFAST_NODE"`, "--give-back", `rm "${at("away-")}$HOLDFAST_NODE"`];
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", SOURCES, BIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
    const ended = once(child, "close");
    try {
      const taken = (): readonly string[] => nodes.filter((node) => existsSync(at(`away-${node}`)));
      await expect.poll(taken, { timeout: 60_000 }).toHaveLength(1);
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect(taken()).toEqual([]);
      expect(err).toMatch(/^holdfast: \w was given back\.\n$/);
    } finally {
      child.kill("SIGKILL");
      server.close();
    }
  });

  it("verify: told to end, it waits for the command that takes, gives back, takes nothing more, and says what may be away", async () => {
    const { at } = shell();
    let err = "";
    const io = { stdin: async () => "", out: () => undefined, err: (text: string) => void (err += text), now: () => 0 };
    const taking = createTaking({ take: `: > ${at("away")}; exit 1`, giveBack: `rm ${at("away")}`, settle: 0 }, io);
    const taken = expect(taking.take("a")).rejects.toThrow("ended with code 1");
    await taking.end();
    await taken;
    expect([existsSync(at("away")), err]).toEqual([false, "holdfast: a was given back.\n"]);
    await expect(taking.take("b")).rejects.toThrow("told to end");
    expect(existsSync(at("away"))).toBe(false);

    const stuck = createTaking({ take: "true", giveBack: "exit 3", settle: 0 }, io);
    await stuck.take("a");
    await stuck.end();
    expect(err).toContain("a may still be away: exit 3 ended with code 3.");

    err = "";
    const idle = createTaking({ take: "true", giveBack: "true", settle: 0 }, io);
    await idle.take("a");
    await idle.giveBack("a");
    await idle.end();
    expect(err).toBe("");
  });
});
