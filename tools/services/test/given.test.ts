import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { plainServer } from "../plain.ts";
import { isGiven, type ServiceName, SERVICES, serviceFor } from "../programs.ts";

const URLS: readonly (readonly [ServiceName, variable: string, url: string])[] = [
  ["redis", "REDIS_URL", "redis://:secret@db.test:6379/2"],
  ["redis", "REDIS_URL", "rediss://db.test"],
  ["valkey", "VALKEY_URL", "redis://db.test"],
  ["postgres", "DATABASE_URL", "postgres://app:secret@db.test/app"],
  ["postgres", "DATABASE_URL", "postgresql://db.test"],
  ["mariadb", "MYSQL_URL", "mysql://app:secret@db.test/app"],
  ["memcached", "MEMCACHED_URL", "memcached://a.test:11211,b.test"],
];

describe("a server that is given", () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    vi.spyOn(console, "warn").mockImplementation((text: string) => void said.push(text));
    for (const [, variable] of URLS) vi.stubEnv(variable, "");
    for (const { variable } of Object.values(SERVICES)) vi.stubEnv(variable, "");
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each(URLS)("%s by %s: tests that talk to it get it, and start none; others are skipped with the reason, which quotes no URL", async (service, variable, url) => {
    vi.stubEnv(variable, url);
    const { here, open } = plainServer(service, "the store is", () => expect.unreachable());
    expect([here, (await open()).url, said]).toEqual([true, url, []]);
    expect(serviceFor(service, "a kill is")).toBeUndefined();
    expect(said).toEqual([expect.stringMatching(`SKIPPED: ${variable} is given, .*a kill is NOT tested with it. Set ${SERVICES[service].variable}`)]);
    expect(said.join("")).not.toMatch(/secret|db\.test/);
    for (const other of Object.keys(SERVICES) as ServiceName[]) expect([other, isGiven(other)]).toEqual([other, other === service]);
  });

  it("with a program that is named as well serves those that only talk, and the program the others", async () => {
    vi.stubEnv("REDIS_URL", "redis://db.test");
    vi.stubEnv("REDIS_SERVER_PATH", process.execPath);
    expect((await plainServer("redis", "the store is", () => expect.unreachable()).open()).url).toBe("redis://db.test");
    expect(serviceFor("redis", "a kill is")).toBe(process.execPath);
    expect([isGiven("redis"), said]).toEqual([false, []]);
  });

  it("is none where the URL is another engine's", () => {
    for (const url of ["mysql://db.test", "file:./dev.db", "postgres"]) {
      vi.stubEnv("DATABASE_URL", url);
      expect(isGiven("postgres")).toBe(false);
    }
  });
});
