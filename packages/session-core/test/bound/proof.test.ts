import { constants, createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type BoundKey, formatKey, keyFromJwk, parseKey } from "../../src/lib/bound/bound-key.ts";
import { verifyProof } from "../../src/lib/bound/proof.ts";

type Jwk = Record<string, unknown>;
const ec = (namedCurve = "P-256") => generateKeyPairSync("ec", { namedCurve });
const rsa = (modulusLength = 2048, publicExponent = 65_537) => generateKeyPairSync("rsa", { modulusLength, publicExponent });
const jwkOf = (key: KeyObject): Jwk => key.export({ format: "jwk" }) as Jwk;
const part = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Made by node:crypto alone, with any header. */
function proof(header: Jwk, payload: unknown, key: KeyObject | undefined, hash = "sha256"): string {
  const signed = `${part({ typ: "dbsc+jwt", ...header })}.${part(payload)}`;
  if (!key) return `${signed}.`;
  const signature = sign(hash, Buffer.from(signed), key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" } : key);
  return `${signed}.${signature.toString("base64url")}`;
}
const BOTH = { register: ["ES256", "RS256"] } as const;
const claims = { jti: "c", authorization: "a" };
const why = async (token: string | undefined, expected: Parameters<typeof verifyProof>[1] = BOTH): Promise<string> => {
  const result = await verifyProof(token, expected);
  return result.outcome === "proven" ? "proven" : result.why;
};

const device = ec();
const jwk = jwkOf(device.publicKey);
const strong = rsa();
const rsaJwk = jwkOf(strong.publicKey);

describe("the proof of a registration", () => {
  it("[I03] ES256 and RS256, by keys and signatures of another library", async () => {
    expect(await verifyProof(proof({ alg: "ES256", jwk }, claims, device.privateKey), BOTH)).toMatchObject({ outcome: "proven", claims, key: { alg: "ES256", jwk } });
    expect(await verifyProof(proof({ alg: "RS256", jwk: rsaJwk }, claims, strong.privateKey), BOTH)).toMatchObject({ outcome: "proven", claims, key: { alg: "RS256", jwk: rsaJwk } });
  });

  it("[I03] says dbsc+jwt, brings a public key, and is signed by it", async () => {
    const good = proof({ alg: "ES256", jwk }, claims, device.privateKey);
    expect(await why(good)).toBe("proven");
    for (const typ of ["jwt", "JWT", "dpop+jwt", "DBSC+JWT", "", null, 1]) expect(await why(proof({ alg: "ES256", jwk, typ }, claims, device.privateKey)), String(typ)).toBe("type");
    expect(await why(proof({ alg: "ES256" }, claims, device.privateKey))).toBe("key");
    expect(await why(proof({ alg: "ES256", jwk }, claims, ec().privateKey))).toBe("signature");
    expect(await why(proof({ alg: "ES256", jwk }, claims, device.privateKey, "sha512"))).toBe("signature");
    const [head = "", , mac = ""] = good.split(".");
    expect(await why(`${head}.${part({ ...claims, jti: "d" })}.${mac}`)).toBe("signature");
    const der = `${head}.${part(claims)}.${sign("sha256", Buffer.from(`${head}.${part(claims)}`), device.privateKey).toString("base64url")}`;
    expect(await why(der)).toBe("signature");
    expect(await why(proof({ alg: "RS256", jwk: rsaJwk }, claims, strong.privateKey, "sha384"))).toBe("signature");
  });

  it("[I03] only with an algorithm that was offered, and the key's own", async () => {
    expect(await why(proof({ alg: "RS256", jwk: rsaJwk }, claims, strong.privateKey), { register: ["ES256"] })).toBe("algorithm");
    expect(await why(proof({ alg: "ES256", jwk: rsaJwk }, claims, strong.privateKey))).toBe("key");
    expect(await why(proof({ alg: "RS256", jwk }, claims, device.privateKey))).toBe("key");
  });

  it("[I04] none, shared secrets, other algorithms and other curves are refused", async () => {
    for (const alg of ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "PS256", "ES384", "ES512", "EdDSA", "Ed25519", "es256", undefined, null, ["ES256"], 256]) {
      expect(await why(proof({ alg, jwk }, claims, device.privateKey)), String(alg)).toBe("algorithm");
    }
    expect(await why(proof({ alg: "none", jwk }, claims, undefined))).toBe("malformed");
    const head = `${part({ typ: "dbsc+jwt", alg: "HS256", jwk: { kty: "oct", k: "c2VjcmV0" } })}.${part(claims)}`;
    expect(await why(`${head}.${createHmac("sha256", "secret").update(head).digest("base64url")}`)).toBe("algorithm");
    for (const curve of ["P-384", "P-521", "secp256k1"]) {
      const { privateKey, publicKey } = ec(curve);
      expect(await why(proof({ alg: "ES256", jwk: jwkOf(publicKey) }, claims, privateKey)), curve).toBe("key");
    }
  });

  it("[I04] a private key, a weak one, and one that is none are refused", async () => {
    expect(await why(proof({ alg: "ES256", jwk: jwkOf(device.privateKey) }, claims, device.privateKey))).toBe("key");
    expect(await why(proof({ alg: "RS256", jwk: jwkOf(strong.privateKey) }, claims, strong.privateKey))).toBe("key");
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) expect(await why(proof({ alg: "ES256", jwk: { ...jwk, [name]: "" } }, claims, device.privateKey)), name).toBe("key");
    for (const [bits, exponent] of [[1024, 65_537], [2040, 65_537], [2048, 3]] as const) {
      const { privateKey, publicKey } = rsa(bits, exponent);
      expect(await why(proof({ alg: "RS256", jwk: jwkOf(publicKey) }, claims, privateKey)), `${bits} ${exponent}`).toBe("key");
    }
    const zeros = Buffer.alloc(32).toString("base64url");
    for (const broken of [{ ...jwk, x: zeros }, { ...jwk, x: jwk["y"] }, { ...jwk, y: "" }, { ...jwk, y: `${String(jwk["y"])}A` }, { ...jwk, x: 1 }, { ...jwk, crv: "P-384" }, { ...jwk, kty: "OKP" }, {}, [], "x", null, 1]) {
      expect(await why(proof({ alg: "ES256", jwk: broken }, claims, device.privateKey)), JSON.stringify(broken)).toBe("key");
    }
  });

  it("[I03] whatever is no proof is refused without a throw: sizes, parts, encodings, what is no object", async () => {
    const good = proof({ alg: "ES256", jwk }, claims, device.privateKey);
    const [head = "", payload = "", mac = ""] = good.split(".");
    expect(await why(undefined)).toBe("missing");
    for (const token of ["", ".", "..", "a.b.c", `${head}.${payload}`, `${good}.x`, `${head}..${mac}`, ` ${good}`, `${good}=`, `${part("[]")}.${payload}.${mac}`, `${part("null")}.${payload}.${mac}`, `${head}.${part("1")}.${mac}`, `${head}.${part('"x"')}.${mac}`, `_w.${payload}.${mac}`, "x".repeat(9000), `${head}.${"a".repeat(9000)}.${mac}`]) {
      expect(await why(token), token.slice(0, 40)).toBe("malformed");
    }
    for (const name of ["crit", "b64", "jku", "x5u", "x5c"]) expect(await why(proof({ alg: "ES256", jwk, [name]: name === "b64" ? true : ["x"] }, claims, device.privateKey)), name).toBe("header");
  });
});

describe("the proof of a refresh", () => {
  const stored = keyFromJwk(jwk, "ES256") as BoundKey;

  it("[I05] is of the stored key, and says nothing of another", async () => {
    expect(await why(proof({ alg: "ES256" }, claims, device.privateKey), { stored })).toBe("proven");
    const other = ec();
    expect(await why(proof({ alg: "ES256" }, claims, other.privateKey), { stored })).toBe("signature");
    expect(await why(proof({ alg: "ES256", jwk: jwkOf(other.publicKey) }, claims, other.privateKey), { stored })).toBe("header");
    expect(await why(proof({ alg: "ES256", jwk }, claims, device.privateKey), { stored })).toBe("header");
    expect(await why(proof({ alg: "ES256", jwk: null }, claims, device.privateKey), { stored })).toBe("header");
    expect(await why(proof({ alg: "RS256" }, claims, strong.privateKey), { stored })).toBe("algorithm");
  });

  it("[I04] [I05] the algorithm is the key's: none other, and no shared secret made of the public key", async () => {
    expect(await why(proof({ alg: "none" }, claims, device.privateKey), { stored })).toBe("algorithm");
    const head = `${part({ typ: "dbsc+jwt", alg: "HS256" })}.${part(claims)}`;
    const spki = device.publicKey.export({ type: "spki", format: "pem" });
    expect(await why(`${head}.${createHmac("sha256", spki).update(head).digest("base64url")}`, { stored })).toBe("algorithm");
    const pss = `${part({ typ: "dbsc+jwt", alg: "RS256" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(pss), { key: strong.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }).toString("base64url");
    expect(await why(`${pss}.${signature}`, { stored: keyFromJwk(rsaJwk, "RS256") as BoundKey })).toBe("signature");
  });
});

describe("the key of a device", () => {
  it("[I03] has the thumbprint of RFC 7638", () => {
    // Section 3.1 of the RFC.
    const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    expect(keyFromJwk({ kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" }, "RS256")?.thumbprint).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    const members = JSON.stringify({ crv: "P-256", kty: "EC", x: jwk["x"], y: jwk["y"] });
    expect(keyFromJwk({ ...jwk, use: "sig", kid: "1" }, "ES256")?.thumbprint).toBe(createHash("sha256").update(members).digest("base64url"));
  });

  it("reads back what it wrote, and nothing else", () => {
    for (const [from, alg] of [[jwk, "ES256"], [rsaJwk, "RS256"]] as const) {
      const key = keyFromJwk(from, alg) as BoundKey;
      const text = formatKey(key, 1_800_000_000_000);
      expect(text.startsWith(`${key.thumbprint} ${alg} `)).toBe(true);
      expect(parseKey(text)).toEqual({ ...key, boundAt: 1_800_000_000_000 });
      expect(createPublicKey({ key: { ...parseKey(text)?.jwk }, format: "jwk" }).asymmetricKeyType).toBe(alg === "ES256" ? "ec" : "rsa");
      for (const damaged of ["", " ", text.slice(1), `${text}x`, text.replace(alg, "none"), text.replace(alg, alg === "ES256" ? "RS256" : "ES256")]) expect(parseKey(damaged), damaged).toBeUndefined();
    }
  });
});
