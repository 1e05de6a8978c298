import fc from "fast-check";
import { BlockList, isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { isInRange, networkOf, parseAddress, parseRange } from "../src/lib/signals/address.ts";
import { clientAddress } from "../src/lib/signals/client-address.ts";
import { userAgentFamily } from "../src/lib/signals/user-agent.ts";

const range = (text: string) => parseRange(text) ?? expect.unreachable();
const shown = (address: Uint8Array | undefined | null): string => (address ? [...address].join(".") : String(address));

describe("addresses", () => {
  it("are parsed as Node parses them, whatever the text", () => {
    const noZone = (text: string): boolean => !text.includes("%");
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string({ maxLength: 50 }), fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF:.[]@/?#"), maxLength: 46 }));
    fc.assert(fc.property(text.filter(noZone), (value) => void expect([value, parseAddress(value)?.length ?? 0]).toEqual([value, [0, 4, 16][isIP(value) === 6 && /^::ffff:(?:[\d.]+|[\da-f]{1,4}:[\da-f]{1,4})$/i.test(value) ? 1 : isIP(value) === 4 ? 1 : isIP(value) === 6 ? 2 : 0]])), { numRuns: 3000 });
  });

  it("an IPv4 address is the same in its IPv6 forms; short, octal and hexadecimal forms are refused", () => {
    for (const form of ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) expect(shown(parseAddress(form))).toBe("192.0.2.1");
    expect(shown(parseAddress("fe80::1%eth0"))).toBe(shown(parseAddress("fe80:0::0:1")));
    for (const bad of ["", "1", "192.0.2", "0300.0.2.1", "0xc0.0.2.1", "192.0.2.256", " 192.0.2.1", "192.0.2.1:80", "[::1]", "::1]/@x", "1::2::3", ":::", "12345::"]) expect([bad, parseAddress(bad)]).toEqual([bad, null]);
  });

  it("ranges contain what Node's block list says they contain", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, address, prefix) => {
        const list = new BlockList();
        list.addSubnet(base, prefix);
        expect(isInRange(parseAddress(address) ?? expect.unreachable(), range(`${base}/${prefix}`))).toBe(list.check(address));
        expect(isInRange(networkOf(parseAddress(base) ?? expect.unreachable(), prefix), range(`${base}/${prefix}`))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom("2001:db8:1:2::", "::1", "2001:db8:1:2ff::1", "fe80::1"), fc.constantFrom("2001:db8:1:200::", "2001:db8:1:2::9", "::2", "::1"), fc.integer({ min: 0, max: 128 }), (base, address, prefix) => {
        const list = new BlockList();
        list.addSubnet(base, prefix, "ipv6");
        expect(isInRange(parseAddress(address) ?? expect.unreachable(), range(`${base}/${prefix}`))).toBe(list.check(address, "ipv6"));
      }),
    );
    expect(isInRange(parseAddress("::1") ?? expect.unreachable(), range("0.0.0.0/1"))).toBe(false);
    for (const bad of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/1e1", "::/129", "::ffff:10.0.0.0/104", "example.com", "/8"]) expect([bad, parseRange(bad)]).toEqual([bad, null]);
  });
});

describe("the client's address", () => {
  const trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(range);
  const client = (peer: string | undefined, headers: Record<string, string> = {}): string => shown(clientAddress(new Headers(headers), peer, trusted));
  const PROXY = "10.0.0.1";

  it("[I20] is the peer's, and headers are not read, unless the peer is a trusted proxy", () => {
    expect(client("203.0.113.9", { "x-forwarded-for": "198.51.100.1", forwarded: "for=198.51.100.1" })).toBe("203.0.113.9");
    expect(client("::ffff:203.0.113.9")).toBe("203.0.113.9");
    expect(client(undefined, { "x-forwarded-for": "198.51.100.1" })).toBe("undefined");
    expect(client("/run/socket", { "x-forwarded-for": "198.51.100.1" })).toBe("undefined");
  });

  it("[I20] is read from the right, past trusted proxies; what a client wrote to the left is not looked at", () => {
    for (const header of ["198.51.100.1", "1.1.1.1, 198.51.100.1", "garbage\", 198.51.100.1:4711", "198.51.100.1, 10.1.2.3", "evil, 198.51.100.1 ,10.1.2.3, 10.9.9.9", "1.1.1.1,198.51.100.1,2001:db8:ffff::7"]) {
      expect([header, client(PROXY, { "x-forwarded-for": header })]).toEqual([header, "198.51.100.1"]);
    }
    expect(client("2001:db8:ffff::1", { "x-forwarded-for": "[2001:db8::5]:443" })).toBe(shown(parseAddress("2001:db8::5")));
    expect(client(PROXY, { "x-forwarded-for": "10.2.2.2, 10.3.3.3" })).toBe("10.2.2.2");
    expect(client(PROXY)).toBe(PROXY);
  });

  it("reads RFC 7239 Forwarded the same way", () => {
    for (const header of ["for=198.51.100.1", 'For="198.51.100.1:47011";proto=https', 'for=1.1.1.1;by=203.0.113.1, proto=http;for="198.51.100.1"', 'for=evil, for=198.51.100.1, for="10.1.2.3:1"', 'host="a,b;c";for=198.51.100.1']) {
      expect([header, client(PROXY, { forwarded: header })]).toEqual([header, "198.51.100.1"]);
    }
    expect(client(PROXY, { forwarded: 'for="[2001:db8:cafe::17]:4711"' })).toBe(shown(parseAddress("2001:db8:cafe::17")));
  });

  it("is the peer's where anything on the way is malformed or two headers disagree", () => {
    for (const header of ["", ",", "198.51.100.1,", "unknown", "198.51.100.1, unknown, 10.1.1.1", "198.51.100.1.", "198.51.100.1 10.1.1.1", "198.51.100.1, ".repeat(400)]) {
      expect([header.slice(0, 50), client(PROXY, { "x-forwarded-for": header })]).toEqual([header.slice(0, 50), PROXY]);
    }
    for (const header of ["", "for", "for=", "for=_hidden", "for=unknown", 'for="198.51.100.1', 'for="1.1.1.1, for=198.51.100.1', "for=198.51.100.1,", "for=198.51.100.1;for=1.1.1.1", "proto=https", "for=198.51.100.1, proto=https", 'for="198.51.100.1"x', 'for="198.51\\.100.1"']) {
      expect([header, client(PROXY, { forwarded: header })]).toEqual([header, PROXY]);
    }
    expect(client(PROXY, { "x-forwarded-for": "198.51.100.1", forwarded: "for=198.51.100.2" })).toBe(PROXY);
    expect(client(PROXY, { "x-forwarded-for": "198.51.100.1", forwarded: 'for="198.51.100.1:1"' })).toBe("198.51.100.1");
  });

  it("never throws and is linear in what is sent", () => {
    const junk = fc.string({ unit: fc.constantFrom(..."0123456789abcf:.,;=\"\\[]% for"), maxLength: 300 });
    fc.assert(fc.property(junk, junk, (list, elements) => void client(PROXY, { "x-forwarded-for": list, forwarded: elements })), { numRuns: 2000 });
    for (const piece of ['for="', "for=a;", '"', "\\", "for=1,", "[", ":"]) client(PROXY, { "x-forwarded-for": piece.repeat(20_000), forwarded: piece.repeat(600) });
  });
});

describe("[I19] the user agent", () => {
  const chrome = (version: string, platform = "Windows NT 10.0; Win64; x64") => `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;

  it("is its family and platform: an update is no change, another browser or platform is", () => {
    expect(userAgentFamily(chrome("120.0.0.0"))).toBe("chrome/windows");
    expect(userAgentFamily(chrome("151.0.1.2"))).toBe("chrome/windows");
    expect(userAgentFamily(chrome("151.0.0.0", "Linux; Android 10; K"))).toBe("chrome/android");
    expect(userAgentFamily(`${chrome("120.0.0.0")} Edg/120.0.1`)).toBe("edge/windows");
    expect(userAgentFamily("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0")).toBe("firefox/linux");
    expect(userAgentFamily("Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1")).toBe("safari/ios");
    expect(userAgentFamily("Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/151.0 Mobile/15E148 Safari/604.1")).toBe("chrome/ios");
    expect(userAgentFamily("curl/8.5.0")).toBe("curl/");
    expect(userAgentFamily("okhttp/4.9.0")).toBe("okhttp/");
    expect(userAgentFamily("")).toBe("/");
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (text) => void expect(userAgentFamily(text).length).toBeLessThan(60)));
    userAgentFamily("Mozilla/".repeat(100_000));
  });
});
