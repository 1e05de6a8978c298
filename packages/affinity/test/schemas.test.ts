import { readFileSync } from "node:fs";
import { type AffinityOptions, type AffinityTarget, affinityConfig, defineAffinity } from "@holdfast/affinity";
import { Ajv } from "ajv";
import { Service } from "kubernetes-models/v1/Service";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SEED_KUBERNETES } from "./support/seeds.ts";

const nodes = [{ label: "a", address: "10.0.0.1:8080" }, { label: "b", address: "10.0.0.2:8080" }];
const sticky = (options: Partial<AffinityOptions> = {}): ReturnType<typeof defineAffinity> => defineAffinity({ nodes, ...options });

/** Kubernetes drops fields that it does not know, without a word: here they are refused. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)] as const);
  return { ...Object.fromEntries(entries), ...("properties" in schema && !("additionalProperties" in schema) ? { additionalProperties: false } : {}) };
};

const routeSchema = (version: string): ReturnType<Ajv["compile"]> => {
  const schema = closed(JSON.parse(readFileSync(new URL(`./data/httproute-${version}.json`, import.meta.url), "utf8"))) as { properties: Record<string, unknown> };
  // The API server's own part.
  schema.properties["metadata"] = { type: "object" };
  return new Ajv({ strict: false, formats: { int32: true, int64: true, "date-time": true } }).compile(schema);
};

/** The rules of the CRD that are written in CEL, which ajv does not read. */
const celHolds = ({ type = "Cookie", absoluteTimeout, cookieConfig, cookie, header }: Record<string, { lifetimeType?: string } | undefined> & { type?: string }): boolean =>
  ((cookieConfig ?? cookie)?.lifetimeType !== "Permanent" || absoluteTimeout !== undefined) && ((cookieConfig ?? cookie) === undefined || type === "Cookie") && (header === undefined || type === "Header");

describe("offline validation: generated, not executed here", () => {
  const route = (version: string, options: Partial<AffinityOptions> = {}): Record<string, never> => parse(affinityConfig(sticky(options), "gateway-api", { version }).text) as Record<string, never>;
  const keys = [{}, { key: { header: "X-Tenant" } }, { duration: { cookie: "persistent" } }] as const;

  it.each([["1.6", "1.6.1"], ["main", "main"]])("an HTTPRoute for the Gateway API %s satisfies the schema of that release, its unknown fields closed, and its rules", (version, schema) => {
    const validate = routeSchema(schema);
    for (const options of keys) {
      const written = route(version, options) as unknown as { spec: { rules: { sessionPersistence: Parameters<typeof celHolds>[0] }[] } };
      expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
      expect(celHolds(written.spec.rules[0]?.sessionPersistence ?? {})).toBe(true);
    }
  });

  it.each(["null", "true", "no"])("a name that YAML has another meaning for (%s) stays a name", (name) => {
    const header = { key: { header: name } };
    const all = (target: AffinityTarget, options: Partial<AffinityOptions> = {}): unknown => parse(affinityConfig(sticky({ name, ...options }), target).text, { logLevel: "silent", version: "1.1" });
    expect(all("gateway-api", { cookie: { name } })).toMatchObject({ metadata: { name }, spec: { parentRefs: [{ name }], rules: [{ backendRefs: [{ name }], sessionPersistence: { sessionName: name } }] } });
    expect(parse(affinityConfig(sticky({ cookie: { name } }), "gateway-api", { version: "main" }).text)).toMatchObject({ spec: { rules: [{ sessionPersistence: { cookie: { name } } }] } });
    expect(parse(affinityConfig(sticky(header), "gateway-api", { version: "main" }).text)).toMatchObject({ spec: { rules: [{ sessionPersistence: { header: { name } } }] } });
    expect(all("kubernetes", { key: "ip" })).toMatchObject({ metadata: { name }, spec: { selector: { "app.kubernetes.io/name": name } } });
    expect(all("aws-alb")).toMatchObject({ Resources: { HoldfastTargetGroup: { Properties: { Name: name } } } });
    expect(all("gcp", { cookie: { name } })).toMatchObject({ name, strongSessionAffinityCookie: { name } });
    expect(all("gcp", header)).toMatchObject({ name, consistentHash: { httpHeaderName: name } });
  });

  it.each(["1.6", "main"])("an odd time is written so that the schema of %s takes it", (version) => {
    const validate = routeSchema(version === "main" ? "main" : "1.6.1");
    for (const absolute of [100_001_000, 90_000, 2_592_000_000, 28_800_000]) expect(validate(route(version, { duration: { absolute } })), String(absolute)).toBe(true);
    expect(route(version, { duration: { absolute: 100_001_000 } })).toMatchObject({ spec: { rules: [{ sessionPersistence: { absoluteTimeout: "27h46m41s" } }] } });
  });

  it("and not that of the other, whose shape differs: the version matters", () => {
    expect(routeSchema("main")(route("1.6"))).toBe(false);
    expect(routeSchema("1.6.1")(route("main"))).toBe(false);
    expect(routeSchema("1.6.1")(route("1.5"))).toBe(false);
  });

  it("a Service satisfies the model of Kubernetes, with a timeout in its bounds", () => {
    const written = parse(affinityConfig(sticky({ key: "ip" }), "kubernetes").text) as ConstructorParameters<typeof Service>[0] & { spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: number } } } };
    expect(() => new Service(written).validate()).not.toThrow();
    expect(() => new Service({ ...written, spec: { ...written.spec, sessionAffinity: 7 as never } }).validate()).toThrow();
    expect(Object.keys(written.spec).toSorted()).toEqual(["ports", "selector", "sessionAffinity", "sessionAffinityConfig"]);
    const { timeoutSeconds } = written.spec.sessionAffinityConfig.clientIP;
    expect(timeoutSeconds).toBeGreaterThan(0);
    expect(timeoutSeconds).toBeLessThanOrEqual(86_400);
  });

  it("the Service that one finds everywhere satisfies it too, once it has a name and a selector", () => {
    const seed = parse(SEED_KUBERNETES) as ConstructorParameters<typeof Service>[0] & { spec: object };
    const whole = { ...seed, metadata: { name: "web" }, spec: { ...seed.spec, selector: { app: "web" } } };
    expect(() => new Service(whole).validate()).not.toThrow();
    expect(() => new Service({ ...whole, spec: { ...whole.spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: "3h" as never } } } }).validate()).toThrow();
  });

  it("an ALB's target group and Google Cloud's backend service keep to the documented ranges", () => {
    const group = parse(affinityConfig(sticky({ health: { interval: 500, timeout: 500, fall: 1, rise: 1 } }), "aws-alb").text, { logLevel: "silent" }) as { Resources: { HoldfastTargetGroup: { Properties: Record<string, unknown> } } };
    const properties = group.Resources.HoldfastTargetGroup.Properties;
    expect(properties).toMatchObject({ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2, HealthyThresholdCount: 2, UnhealthyThresholdCount: 2 });
    expect(properties["TargetGroupAttributes"]).toContainEqual({ Key: "stickiness.lb_cookie.duration_seconds", Value: "1800" });
    expect(parse(affinityConfig(sticky(), "gcp").text)).toMatchObject({ sessionAffinity: "STRONG_COOKIE_AFFINITY", strongSessionAffinityCookie: { name: "hf_node", path: "/", ttl: { seconds: 0 } }, connectionDraining: { drainingTimeoutSec: 30 } });
    expect(parse(affinityConfig(sticky({ key: { header: "X-Tenant" } }), "gcp").text)).toMatchObject({ sessionAffinity: "HEADER_FIELD", localityLbPolicy: "RING_HASH", consistentHash: { httpHeaderName: "X-Tenant" } });
    expect(parse(affinityConfig(sticky({ key: "ip" }), "gcp").text)).toMatchObject({ sessionAffinity: "CLIENT_IP" });
  });
});
