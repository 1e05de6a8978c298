import { lookup } from "node:dns/promises";
import { type AffinityOptions, affinityConfig, defineAffinity } from "@holdfast/affinity";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../../../tools/services/balancers.ts";
import { ENGINES, needOf, programOf } from "../support/engines.ts";
import { SEED_HAPROXY, SEED_NGINX } from "../support/seeds.ts";

const nodes = [{ label: "a", address: "127.0.0.1:9001" }, { label: "b", address: "[::1]:9002", weight: 3 }, { label: "c", address: "127.0.0.3:9003", draining: true }];
const DESCRIPTIONS: readonly (readonly [name: string, options: Partial<AffinityOptions>])[] = [
  ["by cookie", {}],
  ["by cookie, with all its options", { name: "web-shop", duration: { idle: 90_000, absolute: 3_600_000, cookie: "persistent" }, cookie: { name: "shop_node", path: "/shop", domain: "example.com", sameSite: "strict" }, cookielessHeader: false, health: { path: "/ready/now", interval: 1500, timeout: 700, fall: 3, rise: 1 } }],
  ["by cookie, on a machine of one's own", { cookie: { secure: false }, nodes: [{ label: "a", address: "127.0.0.1:9001" }] }],
  ["by address", { key: "ip" }],
  ["by header", { key: { header: "X-Tenant-Id" } }],
  // Names that engines have for other things: NGINX knows $http_cookie, $cookie_..., $request_key by a header of this name, and so on.
  ...["http", "cookie", "arg", "request", "upstream", "upstream-http", "sent-http", "defaults", "in"].flatMap((name): [string, Partial<AffinityOptions>][] => [
    [`of the name ${name}, by cookie`, { name }],
    [`of the name ${name}, by header`, { name, key: { header: "Key" } }],
  ]),
];
const SECRET = { HOLDFAST_AFFINITY_SECRET: "a-secret-of-the-tests" };

for (const engine of ENGINES) {
  const { kind, name, version, service } = engine;
  const program = programOf(engine, "whether it accepts the configurations is") ?? "";
  const written = (options: Partial<AffinityOptions>): string => affinityConfig(defineAffinity({ nodes, ...options }), kind, { version, listen: "127.0.0.1:9000" }).text;

  describe.skipIf(program === "")(`${name}'s own checker ${needOf(engine)}`, () => {
    it.each(DESCRIPTIONS)("accepts the configuration %s", (_, options) => {
      expect(refusalOf(kind, program, written(options), { ...process.env, ...SECRET })).toBeUndefined();
    });

    it("refuses one with a directive that it does not know, which is how we know that it looks", () => {
      const broken = written({}).replace(/^(\s*)(option redispatch|proxy_http_version|lb_try_duration)/m, "$1no_such_$2");
      expect(refusalOf(kind, program, broken, { ...process.env, ...SECRET })).toMatch(/no_such_/);
    });

    if (kind === "caddy") {
      it("refuses the one by cookie where the secret is missing: addresses could be worked out", () => {
        const { HOLDFAST_AFFINITY_SECRET: _, ...without } = process.env;
        expect(refusalOf(kind, program, written({}), without)).toMatch(/vars/);
      });
    }

    if (kind === "haproxy") {
      it("accepts the founding documents' snippet as it is written, once there is somewhere to listen", () => {
        expect(refusalOf(kind, program, `${SEED_HAPROXY}\nfrontend in\n    bind 127.0.0.1:9000\n    default_backend webservers\n`)).toBeUndefined();
        expect(refusalOf(kind, program, SEED_HAPROXY)).toMatch(/no listener/);
      });
    }

    // Names are looked up when NGINX starts, and these exist in documents only.
    const seed = SEED_NGINX.replaceAll(/srv(\d)\.example\.com;/g, "127.0.0.$1;");
    if (service === "newNginx") {
      it("accepts the founding documents' snippet, with addresses that exist", async () => {
        expect(refusalOf(kind, program, seed)).toBeUndefined();
        // Some resolvers have an address for every name.
        const known = await lookup("srv1.example.com").then(() => true, () => false);
        const refusal = refusalOf(kind, program, SEED_NGINX);
        if (known) expect(refusal).toBeUndefined();
        else expect(refusal).toMatch(/host not found in upstream/);
      });
    }

    if (service === "nginx") {
      it("does not know `sticky`, which the founding documents' snippet needs", () => {
        expect(refusalOf(kind, program, seed)).toMatch(/unknown directive "sticky"/);
      });
    }
  });
}
