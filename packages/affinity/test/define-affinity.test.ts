import { type AffinityOptions, defineAffinity } from "@holdfast/affinity";
import { describe, expect, it } from "vitest";

const nodes = [{ label: "a", address: "10.0.0.1:8080" }, { label: "b", address: "10.0.0.2:8080" }];
const define = (options: object): unknown => defineAffinity({ nodes, ...options } as AffinityOptions);
const config = (option: string): unknown => expect.objectContaining({ code: "config", option });

describe("a description of stickiness", () => {
  it("is complete with nothing but its nodes, and weakens nothing", () => {
    expect(defineAffinity({ nodes })).toEqual({
      name: "holdfast",
      nodes: [{ label: "a", host: "10.0.0.1", port: 8080, weight: 1, draining: false }, { label: "b", host: "10.0.0.2", port: 8080, weight: 1, draining: false }],
      key: { kind: "cookie" },
      cookielessHeader: "X-Session-ID",
      duration: { idle: 1_800_000, absolute: 28_800_000, cookie: "session" },
      cookie: { name: "__Host-hf_node", path: "/", domain: undefined, secure: true, sameSite: "lax" },
      health: { path: "/healthz", interval: 2000, timeout: 1000, fall: 2, rise: 2 },
      drain: { grace: 30_000, notice: 5000 },
    });
  });

  it.each([
    ["nodes", { nodes: [] }],
    ["nodes", { nodes: undefined }],
    ["nodes", { nodes: [nodes[0], nodes[0]] }],
    ["nodes", { nodes: [nodes[0], { ...nodes[1], label: "a" }] }],
    ["nodes", { nodes: nodes.map((node) => ({ ...node, draining: true })) }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "10.0.0.1" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "10.0.0.1:0" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "10.0.0.1:99999" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "::1:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "unix:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "010.0.0.1:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "167772161:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "[::ffff:10.0.0.1]:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "[::]:80" }] }],
    ["nodes", { nodes: [nodes[0], { ...nodes[1], label: "A" }] }],
    ["nodes", { nodes: [{ label: "a", address: "[fd00::0:1]:80" }, { label: "b", address: "[FD00::1]:80" }] }],
    ["nodes", { nodes: [{ label: "a", address: "App.internal:80" }, { label: "b", address: "app.internal:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "a;b:80" }] }],
    ["nodes[0].address", { nodes: [{ label: "a", address: "10.0.0.1:80\nserver x" }] }],
    ["nodes[0].label", { nodes: [{ label: "a b", address: "10.0.0.1:80" }] }],
    ["nodes[0].label", { nodes: [{ label: "", address: "10.0.0.1:80" }] }],
    ["nodes[0].weight", { nodes: [{ label: "a", address: "10.0.0.1:80", weight: 0 }] }],
    ["nodes[0].wieght", { nodes: [{ label: "a", address: "10.0.0.1:80", wieght: 1 }] }],
    ["key", { key: "address" }],
    ["key.header", { key: { header: "X Session" } }],
    ["key.header", { key: { header: "Authorization" } }],
    ["cookielessHeader", { cookielessHeader: "a:b" }],
    ["cookielessHeader", { cookielessHeader: "Authorization" }],
    ["cookielessHeader", { cookielessHeader: "cookie" }],
    ["cookielessHeader", { key: "ip", cookielessHeader: "X-A" }],
    ["cookie", { key: "ip", cookie: {} }],
    ["cookie.httpOnly", { cookie: { httpOnly: false } }],
    ["cookie.name", { cookie: { name: "a b" } }],
    ["cookie.name", { cookie: { name: "a;b" } }],
    ["cookie.name", { cookie: { name: "__Host-a", domain: "example.com" } }],
    ["cookie.name", { cookie: { name: "__Host-a", path: "/app" } }],
    ["cookie.name", { cookie: { name: "__Secure-a", secure: false } }],
    ["cookie.sameSite", { cookie: { sameSite: "none", secure: false } }],
    ["cookie.sameSite", { cookie: { sameSite: "Lax" } }],
    ["cookie.domain", { cookie: { domain: "com" } }],
    ["cookie.path", { cookie: { path: '/"; domain=x' } }],
    ["duration.idle", { duration: { idle: 1500 } }],
    ["duration.idle", { duration: { idle: 7_200_000, absolute: 3_600_000 } }],
    ["duration.absolute", { duration: { absolute: Number.POSITIVE_INFINITY } }],
    ["duration.cookie", { duration: { cookie: "forever" } }],
    ["health.path", { health: { path: "healthz" } }],
    ["health.path", { health: { path: "/a b" } }],
    ["health.timeout", { health: { interval: 1000, timeout: 2000 } }],
    ["health.fall", { health: { fall: 0 } }],
    ["drain.grace", { drain: { grace: 10 } }],
    ["drain.grace", { drain: { grace: 9000 } }],
    ["drain.grace", { drain: { grace: 9000, notice: 4501 } }],
    ["drain.notice", { drain: { notice: -1 } }],
    ["drain.notice", { drain: { notice: 1.5 } }],
    ["drain.notice", { drain: { notice: 1_800_001 } }],
    ["drain.notice", { health: { interval: 300_000, fall: 10 } }],
    ["drain.notice", { health: { interval: 299_999, timeout: 300, fall: 6 }, drain: { grace: 3_600_000 } }],
    ["drain.statsu", { drain: { statsu: 404 } }],
    ["name", { name: "Web Shop" }],
    ["sticky", { sticky: true }],
  ])("refuses a wrong %s: %j", (option, options) => {
    expect(() => define(options)).toThrow(config(option));
  });

  it("a node may take as long as its balancer needs to notice, twice", () => {
    const drainOf = (options: Partial<AffinityOptions>): object => defineAffinity({ nodes, ...options }).drain;
    expect(drainOf({ health: { interval: 500, timeout: 500, fall: 3 } })).toEqual({ grace: 30_000, notice: 2000 });
    expect(drainOf({ health: { interval: 10_250, timeout: 5000, fall: 3 } })).toEqual({ grace: 72_000, notice: 35_750 });
    expect(drainOf({ drain: { notice: 500 } })).toEqual({ grace: 30_000, notice: 500 });
    expect(drainOf({ drain: { notice: 2000, grace: 4000 } })).toEqual({ grace: 4000, notice: 2000 });
    expect(drainOf({ health: { interval: 300_000, timeout: 300_000, fall: 5 } })).toEqual({ grace: 3_600_000, notice: 1_800_000 });
    expect(drainOf({ health: { interval: 300_000, fall: 10 }, drain: { notice: 1_800_000 } })).toEqual({ grace: 3_600_000, notice: 1_800_000 });
    expect(drainOf({ health: { interval: 300_000, fall: 10 }, drain: { notice: 0 } })).toEqual({ grace: 30_000, notice: 0 });
  });

  it.each([
    ["10-0-0-1", "10.0.0.1:8080"],
    ["10_0_0_1", "10.0.0.1:8080"],
    ["0a000001", "10.0.0.1:8080"],
    ["10-0-0-1-8080", "10.0.0.1:8080"],
    ["192-168-1-7", "db.internal:8080"],
    ["web1", "web1.internal:8080"],
    ["WEB1-internal", "web1.internal:8080"],
    ["ip-10-0-0-1", "10.0.0.1:8080"],
    ["node-10-0-0-1", "10.0.0.1:8080"],
    ["x10_0_0_1", "10.0.0.1:8080"],
    ["n0a000001", "10.0.0.1:8080"],
    ["167772161", "10.0.0.1:8080"],
    ["n-167772161", "10.0.0.1:8080"],
    ["16777226", "10.0.0.1:8080"],
    ["MTAuMC4wLjE6ODA", "10.0.0.1:80"],
    ["MTAuMC4wLjE", "10.0.0.1:80"],
    ["MTkyLjE2OC4xLjc", "db.internal:80"],
    ["YXBwLmludGVybmFsOjgw", "app.internal:80"],
    ["CgAAAQ", "10.0.0.1:80"],
    ["fd00--1234", "[fd00::1234]:80"],
    ["ip6-fd00--1234", "[fd00::1234]:80"],
    ["fd000000000000000000000000001234", "[fd00::1234]:80"],
  ])("a label that tells where the node is (%s for %s) is refused", (label, address) => {
    expect(() => define({ nodes: [{ label, address }] })).toThrow(config("nodes[0].label"));
  });

  it("a label that is the name of another node tells it just as well", () => {
    const swapped = [{ label: "db1", address: "db2.internal:80" }, { label: "db2", address: "db1.internal:80" }];
    expect(() => define({ nodes: swapped })).toThrow(config("nodes[0].label"));
    expect(() => define({ nodes: [nodes[0], { label: "0a000001", address: "10.0.0.2:8080" }] })).toThrow(config("nodes[1].label"));
  });

  it.each(["a", "node-1", "blue_2", "green-2026-11-22", "x7Kd_9-qQ", "eu-1-2-3", "MTIz", "10001000"])("a label that means nothing outside (%s) is taken", (label) => {
    expect(define({ nodes: [{ label, address: "10.0.0.1:8080" }, { label: "other", address: "app.internal:8080" }] })).toMatchObject({ nodes: [{ label }, {}] });
  });

  it("an address is kept in the one form in which engines write it", () => {
    expect(define({ nodes: [{ label: "a", address: "[FD00:0:0::0:1]:80" }, { label: "b", address: "App.Internal:80" }, { label: "c", address: "[::1]:80" }] })).toMatchObject({ nodes: [{ host: "[fd00::1]" }, { host: "app.internal" }, { host: "[::1]" }] });
  });

  it("a domain, another path or a cookie without Secure has to be asked for, and takes the __Host- from the name", () => {
    for (const cookie of [{ domain: ".example.com" }, { path: "/app" }, { secure: false }]) expect(define({ cookie })).toMatchObject({ cookie: { name: "hf_node", ...cookie } });
    expect(define({ nodes: [{ label: "a", address: "[::1]:80" }, { label: "b", address: "app.internal:80" }] })).toMatchObject({ nodes: [{ host: "[::1]" }, { host: "app.internal" }] });
  });
});
