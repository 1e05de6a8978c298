import { parseArgs } from "node:util";
import { createAccessTokens, createTokenVerifier, generateSigningKeys, type SigningAlgorithm, type TokenVerifierOptions } from "@holdfast/session-core/tokens";
import { createSessions, generateKeys } from "@holdfast/session-core";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { createLocalJWKSet, importJWK, type JWK, jwtVerify } from "jose";
import { type Case, measure, type Plan, ratioOf, type Row, verify } from "./measure.ts";
import { machine, range, times, versionsOf } from "./report.ts";
import { saveReport } from "./results.ts";

// `pnpm bench tokens [--quick | --check] [--save]`: what verifying an access token costs, beside jose with its key at hand. Nothing is judged by the exit code but wrong answers.
const { values } = parseArgs({ options: { quick: { type: "boolean" }, check: { type: "boolean" }, save: { type: "boolean" } } });
const plan: Plan = values.quick ? { rounds: 9, batchMs: 50 } : { rounds: 21, batchMs: 100 };
const names = { issuer: "https://app.test", audience: "https://api.test" };

async function casesOf(alg: SigningAlgorithm): Promise<Case[]> {
  const tokens = createAccessTokens({ ...names, clientId: "web", keys: await generateSigningKeys({ alg }), lifetime: 3_600_000, scope: () => "orders:read" });
  const sessions = createSessions({ store: createMemoryStore(), keys: generateKeys(), policy: { idle: 8 * 3_600_000 } });
  const { state } = await sessions.issue("ada", {}, { acr: "aal2", amr: ["pwd", "otp"] });
  const issued = await tokens.issue(state);
  if (issued.outcome !== "issued") throw new Error(issued.why);
  const token = issued.accessToken.reveal();
  const jwks = tokens.jwks();
  const key = await importJWK(jwks.keys[0] as JWK, alg);
  const local = createLocalJWKSet(jwks as Parameters<typeof createLocalJWKSet>[0]);
  const claims = { ...names, typ: "at+jwt", algorithms: [alg], requiredClaims: ["client_id", "jti", "sub", "iat", "exp"] };
  const ours = (options: Partial<TokenVerifierOptions>): (() => Promise<unknown>) => {
    const verifier = createTokenVerifier({ ...names, keys: jwks, ...options });
    // A header gives a new string each time.
    return async () => {
      const result = await verifier.verify(` ${token}`.slice(1));
      return result.outcome === "accepted" ? result.claims.sub : result.outcome;
    };
  };
  const micro = (name: string, packages: readonly string[], run: () => unknown): Case => ({ name: `${alg}, ${name}`, kind: "micro", run, expected: "ada", packages });
  return [
    micro("jose with a CryptoKey", ["jose"], async () => (await jwtVerify(` ${token}`.slice(1), key, claims)).payload.sub),
    micro("jose with a local key set", ["jose"], async () => (await jwtVerify(` ${token}`.slice(1), local, claims)).payload.sub),
    micro("Holdfast", ["@holdfast/session-core"], ours({ cache: "off" })),
    micro("Holdfast, remembered", ["@holdfast/session-core"], ours({})),
  ];
}

const goalOf = async (rows: readonly Row[], alg: SigningAlgorithm): Promise<string> => {
  const named = <T extends { readonly name: string }>(list: readonly T[], name: string): T => list.find((one) => one.name === `${alg}, ${name}`) as T;
  const ratio = await ratioOf(named(cases, "Holdfast"), named(cases, "jose with a CryptoKey"), plan);
  const hit = named(rows, "Holdfast, remembered").cpu.median;
  return `${alg}: in pairs with jose and its key at hand ${times(ratio)} times its CPU (goal: at most 1.1): ${ratio.median <= 1.1 ? "met" : "missed"}; remembered ${hit.toFixed(1)} µs (goal: at most 3): ${hit <= 3 ? "met" : "missed"}`;
};

const cases = (await Promise.all((["ES256", "Ed25519"] as const).map(casesOf))).flat();
await verify(cases);
if (values.check) {
  console.log(`${cases.length} cases give the right answers`);
} else {
  const rows = await measure(cases, plan, () => undefined);
  const versions = versionsOf(cases);
  const about = `${machine()}; ${plan.rounds} rounds of ${cases.length} cases in shuffled order. ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}`;
  const table = ["| verification of one access token | CPU µs (IQR) |", "|---|---:|", ...rows.map(({ name, cpu }) => `| ${name} | ${range(cpu)} |`)].join("\n");
  const goals: string[] = [];
  for (const alg of ["ES256", "Ed25519"] as const) goals.push(`- ${await goalOf(rows, alg)}`);
  const text = `${about}\n\n${table}\n\n${goals.join("\n")}\n`;
  console.log(text);
  saveReport("tokens", { machine: machine(), plan, versions, rows }, values.save ? text : undefined);
}
