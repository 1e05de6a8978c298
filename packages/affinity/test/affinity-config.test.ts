import { AFFINITY_TARGETS, type AffinityOptions, type AffinityTarget, affinityConfig, defineAffinity } from "@holdfast/affinity";
import { describe, expect, it } from "vitest";

const nodes = [{ label: "a", address: "10.0.0.1:8080" }, { label: "b", address: "10.0.0.2:8080" }];
const sticky = (options: Partial<AffinityOptions> = {}): ReturnType<typeof defineAffinity> => defineAffinity({ nodes, ...options });
const config = (option: string): unknown => expect.objectContaining({ code: "config", option });
const lost = (target: AffinityTarget, options: Partial<AffinityOptions> = {}, version?: string): string[] =>
  affinityConfig(sticky(options), target, version === undefined ? {} : { version }).losses.map(({ option }) => option);

describe("configurations", () => {
  it.each(AFFINITY_TARGETS)("%s: says in its first lines whether it was run, and everything it cannot honour", (target) => {
    const { text, losses, proof } = affinityConfig(sticky(target === "kubernetes" ? { key: "ip" } : {}), target);
    const [first = "", second = ""] = text.split("\n");
    expect(first).toMatch(/^# Sticky sessions for /);
    expect(second).toContain(proof === "executed" ? "run on the real engine" : "Generated, not executed here");
    for (const loss of losses) expect(text).toContain(`#   ${loss.option}: ${loss.text}`);
    expect(proof).toBe(["haproxy", "nginx", "caddy"].includes(target) ? "executed" : "generated");
  });

  it.each([
    ["kubernetes", "cookie"],
    ["kubernetes", { header: "X-Tenant" }],
    ["gateway-api", "ip"],
    ["aws-alb", "ip"],
    ["aws-alb", { header: "X-Tenant" }],
  ] as const)("%s does not know the key %j, and nothing weaker is put in its place", (target, key) => {
    expect(() => affinityConfig(sticky({ key }), target)).toThrow(config("key"));
  });

  it.each([
    ["haproxy", "2.4"],
    ["nginx", "latest"],
    ["nginx", "1.30; x"],
    ["gateway-api", "1.0"],
    ["gateway-api", "1.7"],
    ["gcp", "v2"],
  ] as const)("%s %s is a version that is not known", (target, version) => {
    expect(() => affinityConfig(sticky(), target, { version })).toThrow(config("version"));
  });

  it("an unknown target, option or place to listen is refused", () => {
    expect(() => affinityConfig(sticky(), "traefik" as AffinityTarget)).toThrow(config("target"));
    expect(() => affinityConfig(sticky(), "nginx", { versoin: "1.30" } as never)).toThrow(config("versoin"));
    for (const listen of ["8080", ":80\n}", "a b:80", ":99999", ":0", "[::1:]:x", "unix:80", "[1:2]:80"]) expect(() => affinityConfig(sticky(), "nginx", { listen })).toThrow(config("listen"));
  });

  it("HAProxy honours the whole of a description by cookie, with the times on the server's side", () => {
    const { text, losses } = affinityConfig(sticky(), "haproxy");
    expect(losses).toEqual([]);
    expect(text).toContain('cookie __Host-hf_node insert indirect preserve nocache httponly secure maxidle 30m maxlife 8h attr "SameSite=Lax"');
    expect(text).toContain("hash-type consistent sdbm avalanche");
    expect(text).toContain("http-check disable-on-404");
  });

  it("NGINX gets `sticky` where it has it, and maps before; the labels are ours in both, never a hash of the address", () => {
    const old = affinityConfig(sticky(), "nginx", { version: "1.29.5" }).text;
    const current = affinityConfig(sticky(), "nginx", { version: "1.29.6" }).text;
    expect(old).not.toContain("sticky cookie");
    expect(old).toContain("__Host-hf_node=a; Path=/; HttpOnly; Secure; SameSite=Lax");
    expect(current).toContain("sticky cookie __Host-hf_node path=/ httponly secure samesite=lax;");
    expect(current).toContain("route=a");
    expect(current).not.toContain("domain");
  });

  it("NGINX since 1.29.6 counts a draining node as no try: the only other one stands there once more, behind it", () => {
    const marked = nodes.map((node) => ({ ...node, draining: node.label === "b" }));
    const servers = (some: AffinityOptions["nodes"]): unknown[] => [...affinityConfig(sticky({ nodes: some }), "nginx", { version: "1.30.0" }).text.matchAll(/^ {4}server \S+ route=(\w(?: \w+)?) max_fails/gm)].map(([, what]) => what);
    expect(servers(marked)).toEqual(["a", "b drain", "a backup"]);
    expect(servers([...marked, { label: "c", address: "10.0.0.3:8080" }])).toEqual(["a", "b drain", "c"]);
    expect(servers(nodes)).toEqual(["a", "b"]);
    expect(servers(nodes.slice(0, 1))).toEqual(["a"]);
  });

  it("says what is lost: times that nobody counts, health that nobody asks for, draining by hash", () => {
    expect(lost("nginx")).toEqual(["duration.idle", "duration.absolute", "cookielessHeader", "cookie", "health.path", "health.fall", "health.rise", "health.timeout", "drain"]);
    expect(lost("nginx", { key: "ip" })).toContain("key");
    expect(lost("caddy", { key: { header: "X-A" } }, "2.6")).toContain("nodes");
    expect(lost("caddy", { key: { header: "X-A" } }, "2.11")).not.toContain("nodes");
    expect(lost("aws-alb")).toContain("cookie");
    expect(lost("f5")).toContain("cookie.sameSite");
    expect(lost("gateway-api", {}, "1.5")).not.toContain("duration.idle");
    expect(lost("gateway-api", {}, "1.6")).toContain("duration.idle");
  });

  it("NGINX asks no node how it is: what the description says of failures in a row and of times holds for none", () => {
    for (const key of ["cookie", "ip"] as const) for (const version of ["1.22.1", "1.30.0"]) {
      expect(lost("nginx", { key }, version)).toEqual(expect.arrayContaining(["health.fall", "health.rise", "health.timeout"]));
      expect(lost("nginx", { key, health: { fall: 1, rise: 1 } }, version)).not.toEqual(expect.arrayContaining(["health.fall"]));
    }
  });

  it("Caddy counts failures and successes in a row since 2.8, and a request that fails says enough in all", () => {
    const { text, losses } = affinityConfig(sticky({ health: { fall: 3, rise: 4 } }), "caddy");
    expect(text).toMatch(/\thealth_fails 3\n\t*health_passes 4\n/);
    expect(losses.find(({ option }) => option === "health.fall")?.text).toContain("one request");
    expect(losses.map(({ option }) => option)).not.toContain("health.rise");
    const old = affinityConfig(sticky({ health: { fall: 3, rise: 4 } }), "caddy", { version: "2.7.6" });
    expect(old.text).not.toMatch(/health_(fails|passes)/);
    expect(old.losses.map(({ option }) => option)).toEqual(expect.arrayContaining(["health.fall", "health.rise"]));
  });

  it("HAProxy and NGINX look names up when they start, and do not start without", () => {
    const named = { nodes: [{ label: "a", address: "app.internal:80" }, { label: "b", address: "10.0.0.2:80" }] };
    for (const target of ["haproxy", "nginx"] as const) {
      for (const key of ["cookie", "ip"] as const) expect(lost(target, { ...named, key })).toContain("nodes.address");
      expect(lost(target)).not.toContain("nodes.address");
    }
  });

  it("NGINX and Caddy set the cookie on what caches may share too; HAProxy does not", () => {
    for (const [target, version] of [["nginx", "1.22.1"], ["nginx", "1.30.0"], ["caddy", "2.11"], ["caddy", "2.6"]] as const) {
      expect(affinityConfig(sticky(), target, { version }).losses).toContainEqual({ option: "cookie", text: expect.stringContaining("caches") as string });
      expect(lost(target, { key: "ip" }, version)).not.toContain("cookie");
    }
    expect(affinityConfig(sticky(), "haproxy").text).toContain(" nocache ");
  });

  it.each(["http", "cookie", "arg", "request", "upstream-http", "sent-http"])("NGINX's own variables are left alone by a description of the name %s", (name) => {
    for (const options of [{ name }, { name, key: { header: "Cookie-Id" } }, { name, key: { header: "Key" } }]) for (const version of ["1.22.1", "1.30.0"]) {
      const defined = [...affinityConfig(sticky(options), "nginx", { version }).text.matchAll(/^map .* \$(\w+) \{$/gm)].map(([, variable]) => variable);
      expect(defined.filter((variable) => !variable?.startsWith("hf_"))).toEqual([]);
    }
  });

  it("BIG-IP's script says who sees the passphrase while it runs", () => {
    expect(affinityConfig(sticky(), "f5").losses).toContainEqual({ option: "cookie", text: expect.stringContaining("among the arguments of tmsh") as string });
    expect(lost("f5", { key: "ip" })).not.toContain("cookie");
  });

  it("NGINX's text says that a request may be carried out twice", () => {
    for (const version of ["1.22.1", "1.30.0"]) {
      const { text } = affinityConfig(sticky(), "nginx", { version });
      expect(text).toMatch(/PUT.*twice/);
      expect(text).not.toContain("may have been carried out does not");
    }
  });

  it("Caddy takes a name to listen on for that: not for a site that needs a certificate", () => {
    expect(affinityConfig(sticky(), "caddy", { listen: "app.example.com:8080" }).text).toContain("\n:8080 {\n\tbind app.example.com\n");
    expect(affinityConfig(sticky(), "caddy", { listen: "[::1]:8080" }).text).toContain("\n:8080 {\n\tbind ::1\n");
  });

  it.each(["kubernetes", "gateway-api", "aws-alb", "gcp", "f5"] as const)("%s listens elsewhere: a place to listen is refused, not passed over", (target) => {
    expect(() => affinityConfig(sticky(target === "kubernetes" ? { key: "ip" } : {}), target, { listen: ":80" })).toThrow(config("listen"));
  });

  it.each([
    // 5 s x 2 + 2 s is what a load balancer of AWS takes at least, 2 s x 2 + 1 s the default.
    ["aws-alb", {}, 12_000],
    ["aws-alb", { health: { interval: 10_000, timeout: 2500, fall: 1 } }, 23_000],
    ["aws-alb", { drain: { notice: 11_999 } }, 12_000],
    ["aws-alb", { drain: { notice: 12_000 } }, undefined],
    ["aws-alb", { health: { interval: 5000, timeout: 2000, fall: 3 } }, undefined],
    ["f5", { health: { timeout: 200 } }, 5000],
    ["f5", { health: { interval: 500 } }, 3000],
    ["f5", { health: { interval: 1500, timeout: 1000 }, drain: { notice: 4999 } }, 5000],
    ["f5", {}, undefined],
    // Not in whole seconds, and nothing to be said of it all the same.
    ["f5", { health: { interval: 2400, timeout: 1500 } }, undefined],
  ] as const)("%s with %j: where the check as written takes longer than drain.notice, it says how much that has to be", (target, options, needed) => {
    const found = affinityConfig(sticky(options), target).losses.flatMap(({ option, text }) => (option === "drain" ? [/drain\.notice (\d+)/.exec(text)?.[1]] : []));
    expect(found.filter((one) => one !== undefined)).toEqual(needed === undefined ? [] : [String(needed)]);
  });

  it.each(["kubernetes", "gateway-api", "gcp"] as const)("%s has its check elsewhere: drain.notice is what that takes", (target) => {
    expect(affinityConfig(sticky(target === "kubernetes" ? { key: "ip" } : {}), target).losses).toContainEqual({ option: "drain", text: expect.stringContaining("drain.notice") as string });
  });

  it("a Service says how its pods are to be probed, in whole seconds", () => {
    const { losses } = affinityConfig(sticky({ key: "ip", health: { path: "/ready", interval: 5400, timeout: 2600, fall: 3, rise: 1 } }), "kubernetes");
    expect(losses.find(({ option }) => option === "health")?.text).toContain("/ready (periodSeconds 5, timeoutSeconds 3, failureThreshold 3, successThreshold 1)");
    expect(affinityConfig(sticky({ key: "ip", health: { interval: 400 } }), "kubernetes").text).toContain("(periodSeconds 1, timeoutSeconds 1, ");
  });

  it("a domain is in the output only where it was asked for", () => {
    for (const target of AFFINITY_TARGETS.filter((name) => name !== "kubernetes")) {
      expect(affinityConfig(sticky(), target).text.toLowerCase()).not.toMatch(/domain[= ]+\.?example/);
    }
    for (const target of ["haproxy", "nginx", "caddy"] as const) expect(affinityConfig(sticky({ cookie: { domain: "example.com" } }), target).text).toContain("example.com");
  });

  it.each(["gateway-api", "gcp"] as const)("%s sets no Secure that we could ask for, so the cookie has no name that browsers refuse without it", (target) => {
    for (const [cookie, name] of [[{}, "hf_node"], [{ name: "__Secure-shop" }, "shop"], [{ name: "__host-shop" }, "shop"]] as const) {
      const { text, losses } = affinityConfig(sticky({ cookie }), target);
      expect(text).toMatch(new RegExp(`ame: "?${name}"?\n`));
      expect(text).not.toMatch(/^[^#]*__(?:host|secure)-/im);
      expect(losses).toContainEqual({ option: "cookie.name", text: expect.stringContaining(name) as string });
    }
    expect(lost(target, { cookie: { name: "shop" } })).not.toContain("cookie.name");
    expect(lost(target, { key: { header: "X-A" } })).not.toContain("cookie.name");
  });

  it("NGINX before 1.29.6 knows an IPv6 node by the form in which NGINX writes it, however it was given", () => {
    const { text } = affinityConfig(sticky({ nodes: [{ label: "a", address: "[FD00:0:0::0:1]:80" }, { label: "b", address: "10.0.0.2:80" }] }), "nginx", { version: "1.22.1" });
    expect(text).toContain(String.raw`"~(?:^|[ ,])\[fd00::1\]:80$" a;`);
  });

  it("BIG-IP and Caddy name nodes by their addresses, so neither starts without a secret that hides them", () => {
    expect(affinityConfig(sticky(), "f5").text).toContain("cookie-encryption required");
    expect(affinityConfig(sticky(), "f5").text).toContain("${HOLDFAST_AFFINITY_SECRET:?");
    expect(affinityConfig(sticky(), "caddy").text).toContain("vars holdfast_affinity {$HOLDFAST_AFFINITY_SECRET}");
  });

  it("BIG-IP takes addresses alone, IPv6 with a dot before the port", () => {
    expect(affinityConfig(sticky({ nodes: [{ label: "a", address: "[2001:db8::1]:8080" }] }), "f5").text).toContain("{ 2001:db8::1.8080 {");
    expect(() => affinityConfig(sticky({ nodes: [{ label: "a", address: "app.internal:8080" }] }), "f5")).toThrow(config("nodes"));
  });

  it("what a platform limits is refused or brought into its range, and said", () => {
    expect(() => affinityConfig(sticky({ key: "ip", duration: { idle: 90_000_000, absolute: 90_000_000 } }), "kubernetes")).toThrow(config("duration.idle"));
    expect(() => affinityConfig(sticky({ duration: { idle: 605_000_000, absolute: 605_000_000 } }), "aws-alb")).toThrow(config("duration.idle"));
    expect(() => affinityConfig(sticky({ duration: { absolute: 1_300_000_000, cookie: "persistent" } }), "gcp")).toThrow(config("duration.absolute"));
    expect(lost("aws-alb", { health: { interval: 1000 } })).toContain("health.interval");
    expect(() => affinityConfig(sticky({ key: "ip", nodes: [{ label: "a", address: "10.0.0.1:80" }, { label: "b", address: "10.0.0.2:81" }] }), "kubernetes")).toThrow(config("nodes"));
  });

  it("the same description gives the same text, for each target", async () => {
    for (const target of AFFINITY_TARGETS) {
      const described = sticky(target === "kubernetes" ? { key: "ip" } : {});
      const { text, file } = affinityConfig(described, target);
      expect(affinityConfig(described, target).text).toBe(text);
      await expect(text).toMatchFileSnapshot(`golden/${target}-${file}`);
    }
    await expect(affinityConfig(sticky(), "nginx", { version: "1.22.1" }).text).toMatchFileSnapshot("golden/nginx-1.22-holdfast.conf");
    await expect(affinityConfig(sticky(), "gateway-api", { version: "main" }).text).toMatchFileSnapshot("golden/gateway-api-main-httproute.yaml");
  });
});
