import { expect, it } from "vitest";
import { freePort } from "../lib/free-port.ts";

it("gives no port twice: who asks for two starts the programs later", async () => {
  const ports: number[] = [];
  for (let i = 0; i < 1500; i++) ports.push(await freePort());
  expect(new Set(ports).size).toBe(ports.length);
});
