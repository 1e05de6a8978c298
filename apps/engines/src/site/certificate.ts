import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
  /** SHA-256 of the public key, base64: by this a browser can be told to accept this certificate and no other. */
  readonly fingerprint: string;
}

/** A certificate for `localhost`, `app.test` and names below them, signed by itself, valid today and tomorrow. Made anew for each run: no key lies around. */
export function selfSigned(now: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const name = der(0x30, der(0x31, der(0x30, oid(2, 5, 4, 3), der(0x0c, "Holdfast test"))));
  const algorithm = der(0x30, oid(1, 2, 840, 10045, 4, 3, 2));
  const day = 86_400_000;
  const hosts = der(0x30, der(0x82, "localhost"), der(0x82, "*.localhost"), der(0x82, "app.test"), der(0x82, "*.app.test"), der(0x87, Buffer.from([127, 0, 0, 1])));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    der(0x30, time(now - day), time(now + 2 * day)),
    name,
    spki,
    der(0xa3, der(0x30, der(0x30, oid(2, 5, 29, 17), der(0x04, hosts)))),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = der(0x30, body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    fingerprint: createHash("sha256").update(spki).digest("base64"),
  };
}

function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((value) => {
    const groups = [value & 127];
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const time = (at: number): Buffer => der(0x17, `${new Date(at).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`);
