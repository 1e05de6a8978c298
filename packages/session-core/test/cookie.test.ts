import { describe, expect, it } from "vitest";
import { createSessions, HoldfastError } from "../src/index.ts";
import { type CookieOptions, createCookieTransport, findCookies } from "../src/lib/transport/cookie.ts";
import { Jar, KEYS, request, signedIn, world } from "./support.ts";

const optionOf = (options: CookieOptions): string => {
  try {
    createCookieTransport(options);
    return "accepted";
  } catch (error) {
    return error instanceof HoldfastError && error.code === "config" ? (error.option ?? "") : String(error);
  }
};

describe("cookie options", () => {
  const cookies = createCookieTransport();
  const { header } = cookies.set(0, "v");

  it("[B02] [A14] the default name has the __Host- prefix and says nothing of the library", () => {
    expect(cookies.names).toEqual([..."gabcdefhijklmnopqrstuvwxyz0123456"].map((letter) => `__Host-sid-${letter}`));
    expect(header).not.toMatch(/holdfast/i);
  });

  it("[B01] [B07] [B20] defaults: Secure, HttpOnly, SameSite=Lax, Path=/, no Domain", () => {
    expect(header).toBe("__Host-sid-g=v; Path=/; Secure; HttpOnly; SameSite=Lax");
    expect(createCookieTransport({ sameSite: "strict" }).set(0, "v").header).toContain("SameSite=Strict");
  });

  it("[B02] [B03] combinations that browsers drop are refused, naming the option", () => {
    expect(optionOf({ domain: "example.com" })).toBe("cookie.domain");
    expect(optionOf({ path: "/auth" })).toBe("cookie.path");
    expect(optionOf({ prefix: "none", path: "app" })).toBe("cookie.path");
    expect(optionOf({ prefix: "none", path: "" })).toBe("cookie.path");
    expect(optionOf({ secure: false })).toBe("cookie.secure");
    expect(optionOf({ prefix: "__Secure-", secure: false })).toBe("cookie.secure");
    expect(optionOf({ prefix: "__Secure-", domain: "example.com", path: "/auth" })).toBe("accepted");
    expect(optionOf({ prefix: "none", secure: false })).toBe("accepted");
    expect(optionOf({ prefix: "__host-" as never })).toBe("cookie.prefix");
  });

  it("[B04] __Host-Http- can be chosen and brings all its attributes", () => {
    expect(createCookieTransport({ prefix: "__Host-Http-" }).set(1, "v").header).toBe("__Host-Http-sid-a=v; Path=/; Secure; HttpOnly; SameSite=Lax");
    expect(optionOf({ prefix: "__Host-Http-", domain: "example.com" })).toBe("cookie.domain");
  });

  it("[B05] a prefix in the base name is refused in any case, while names are read case-sensitively", () => {
    for (const name of ["__Host-x", "__hOST-x", "__SECURE-x", "__Host", "__http", "__secure", "__Host-Http"]) expect(optionOf({ name, prefix: "none" })).toBe("cookie.name");
    expect(findCookies("__host-sid-a=1; __HOST-sid-a=2", cookies.names)).toEqual([]);
  });

  it("[B08] SameSite=None needs Secure and an explicit opt-in", () => {
    expect(optionOf({ sameSite: "none" })).toBe("cookie.sameSite");
    expect(optionOf({ sameSite: "none", allowCrossSite: true, prefix: "none", secure: false })).toBe("cookie.sameSite");
    expect(optionOf({ sameSite: "none", allowCrossSite: true })).toBe("accepted");
  });

  it("[B10] no name is so long that name and value exceed 4096 octets", () => {
    expect(optionOf({ name: "x".repeat(4000) })).toBe("cookie.name");
    const { names } = createCookieTransport({ name: "x".repeat(256), prefix: "__Host-Http-" });
    expect((names[0]?.length ?? 0) + 96).toBeLessThan(4096);
  });

  it("[B09] names are tokens and attributes cannot smuggle others in", () => {
    for (const name of ["", "a b", "a;b", "a=b", "a\r\nb", "é", "a,b"]) expect(optionOf({ name })).toBe("cookie.name");
    expect(optionOf({ prefix: "__Secure-", domain: "a.com; HttpOnly" })).toBe("cookie.domain");
    expect(optionOf({ prefix: "__Secure-", path: `/${"x".repeat(1024)}` })).toBe("cookie.path");
  });

  it("[B11] [B17] deletion repeats name, Path, Domain and flags, with Max-Age=0 and a past Expires", () => {
    const options: CookieOptions = { prefix: "__Secure-", domain: "example.com", path: "/app" };
    const transport = createCookieTransport(options);
    expect(transport.clear("__Secure-sid-a").header).toBe(
      "__Secure-sid-a=; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    );
  });

  it("[B19] the cookie lives as long as the browser session: no Max-Age, no Expires", () => {
    expect(header).not.toMatch(/max-age|expires/i);
  });
});

describe("reading cookies", () => {
  const { names } = createCookieTransport();

  it("[B16] bad escapes, names of prototypes and 64 KB are read without throwing", () => {
    for (const bad of ["__proto__=1; constructor=2; __Host-sid-a=%ZZ", `${"; ".repeat(32_768)}`, "=".repeat(65_536), `${"__Host-sid-a".repeat(5000)}`]) {
      expect(() => findCookies(bad, names)).not.toThrow();
    }
    expect(findCookies("a=1;__Host-sid-b=x ;\t__Host-sid-a=y", names)).toEqual([
      { name: "__Host-sid-b", value: "x" },
      { name: "__Host-sid-a", value: "y" },
    ]);
  });

  it("names that only begin like ours are others'", () => {
    expect(findCookies("__Host-sid-a2=1; x__Host-sid-a=2; __Host-sid-a", names)).toEqual([]);
  });

  it("[B12] one response never sets one name twice, whatever it does", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const { cookies } = await request(sessions, jar, (s) => {
      s.update((d) => ({ ...d, cart: ["x"] }));
      s.elevate({ acr: "x", reauthenticated: true });
      s.start("grace");
      s.renew();
    });
    expect(new Set(cookies.map(({ name }) => name)).size).toBe(cookies.length);
    expect((await request(sessions, jar)).state).toMatchObject({ kind: "active", subject: "grace" });
  });

  it("[B14] several Cookie fields, as HTTP/2 sends them, are read as one", async () => {
    const { sessions } = world();
    const jar = await signedIn(sessions);
    const headers = new Headers();
    headers.append("cookie", "a=1");
    headers.append("cookie", jar.header);
    headers.append("cookie", "b=2");
    expect((await sessions.open(headers)).state.kind).toBe("active");
  });

  it("two realms on one host have names of their own: a sign-in to one signs nobody out of the other", async () => {
    const { store, clock } = world();
    const jar = new Jar();
    const all = ["default", "a", "g", "b/c:d"].map((realm) => createSessions({ store, clock, keys: KEYS, realm }));
    for (const sessions of all) await request(sessions, jar, (s) => s.start("ada"));
    for (const sessions of all) expect((await request(sessions, jar)).state.kind).toBe("active");
    expect([...jar.cookies.keys()].map((name) => name.slice(0, -1))).toEqual(["__Host-sid-", "__Host-sid-a-", "__Host-sid-g-", "__Host-sid-b_c_d-"]);
    const named = createSessions({ store, clock, keys: KEYS, realm: "a", cookie: { name: "own" } });
    expect((await request(named, new Jar(), (s) => s.start("ada"))).cookies[0]?.name).toMatch(/^__Host-own-\w$/);
  });
});
