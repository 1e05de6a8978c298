import { testRow } from "@holdfast/store-contract";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startMemcached } from "../../../../tools/services/memcached.ts";
import { serviceFor } from "../../../../tools/services/programs.ts";
import { command, connectTo, keysOf } from "../support/nodes.ts";
import { placesOn } from "../support/place.ts";

const program = serviceFor("memcached", "a memcached that is given is");
afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(program === undefined)("the tests on memcached nodes that are given [needs memcached]", () => {
  it("use them, keep to keys of their own there and leave none", async () => {
    const servers = await Promise.all([1, 2].map(() => startMemcached(program ?? "")));
    const nodes = connectTo(servers);
    onTestFinished(async () => {
      for (const node of nodes) node.close();
      for (const server of servers) await server.stop();
    });
    for (const server of servers) await command(server, "set theirs 0 0 5\r\nstays", /STORED\r\n$/);
    const keys = async (): Promise<string[]> => (await Promise.all(servers.map((server) => keysOf(server)))).flat();
    vi.stubEnv("MEMCACHED_URL", `memcached://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`);
    const place = await placesOn("nothing").open();
    expect(place.nodes.map(({ port }) => port)).toEqual(servers.map(({ port }) => port));
    const store = createMemcachedStore(nodes, { evicts: true, prefix: place.prefix });
    for (let i = 0; i < 30; i++) await store.create(testRow(), { began: Date.now() });
    expect(await keys()).toHaveLength(62);
    await place.remove();
    expect(await keys()).toEqual(["theirs", "theirs"]);
  });
});
