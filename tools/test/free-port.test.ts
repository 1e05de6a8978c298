import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { freePort, outgoing, portsBeside } from "../lib/free-port.ts";

const MODULE = fileURLToPath(new URL("../lib/free-port.ts", import.meta.url));
const run = promisify(execFile);

/** Ports that another process was given, told while it still has them. */
async function others(count: number, first: number): Promise<number[]> {
  // From the same place in the range, which the start by chance would hide.
  const script = `Math.random = () => ${first}; const { freePort } = await import(process.argv[1]); const ports = []; for (let i = 0; i < ${count}; i++) ports.push(await freePort()); console.log(JSON.stringify(ports)); await new Promise((resolve) => process.stdin.once("end", resolve).resume());`;
  const child = run(process.execPath, ["--input-type=module", "--eval", script, MODULE]);
  const told = new Promise<string>((resolve) => child.child.stdout?.once("data", (text: string) => void resolve(text)));
  const ports = JSON.parse(await told) as number[];
  ended.push(async () => {
    child.child.stdin?.end();
    await child;
  });
  return ports;
}

const ended: (() => Promise<void>)[] = [];

it("gives no port twice: who asks for two starts the programs later", async () => {
  const ports: number[] = [];
  for (let i = 0; i < 500; i++) ports.push(await freePort());
  expect(new Set(ports).size).toBe(ports.length);
  // One that an outgoing connection may take meanwhile is not free when it is needed. Where the system takes all of them there are no others.
  const { first, count } = outgoing();
  if (count < 60_000) expect(ports.filter((port) => port >= first && port < first + count)).toEqual([]);
});

it.each([
  ["Linux as it is", 32_768, 60_999, 12_000, 31_999],
  ["more of them", 16_000, 65_535, 12_000, 15_999],
  ["nearly all", 10_240, 65_535, 2000, 10_239],
  ["low ones", 1024, 40_000, 40_001, 65_535],
  ["all", 1024, 65_535, 12_000, 31_999],
])("takes ports beside those of outgoing connections: %s", (_, first, last, from, to) => {
  expect(portsBeside({ first, count: last - first + 1 })).toEqual({ first: from, count: to - from + 1 });
});

it("nor do two processes at once; a killed server's port is nobody else's, and one of a process that is gone is", async () => {
  const first = Math.random();
  const [one, other] = await Promise.all([others(200, first), others(200, first)]);
  expect(new Set([...one, ...other]).size).toBe(400);
  for (const end of ended) await end();
  const again = await others(200, first);
  for (const end of ended.slice(2)) await end();
  expect(again.filter((port) => one.includes(port) || other.includes(port)).length).toBeGreaterThan(100);
});
