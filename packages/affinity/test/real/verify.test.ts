import { type AffinityOptions, affinityConfig } from "@holdfast/affinity";
import type { Verification } from "@holdfast/affinity/verify";
import { describe, expect, it } from "vitest";
import { startBalancer } from "../../../../tools/services/balancers.ts";
import { ENGINES, needOf, programOf } from "../support/engines.ts";
import { verifyBalancer } from "../support/verified.ts";
import type { Affinity } from "@holdfast/affinity";

interface Row {
  readonly name: string;
  readonly options?: Omit<AffinityOptions, "nodes">;
  /** The configuration; by default the one that is generated. */
  readonly text?: (affinity: Affinity, listen: string) => string;
  readonly key: Verification["key"];
  /** Exactly these codes. */
  readonly findings: readonly string[];
}

const haproxy = (lines: readonly string[], cookie = false) => ({ nodes }: Affinity, listen: string): string =>
  ["defaults", "    mode http", "    timeout connect 1s", "    timeout client 30s", "    timeout server 30s", "    option redispatch", "    retries 2", "frontend in", `    bind ${listen}`, "    default_backend be", "backend be", "    option httpchk GET /healthz", ...lines.map((line) => `    ${line}`), ...nodes.map(({ label, port }) => `    server ${label} 127.0.0.1:${port}${cookie ? ` cookie ${label}` : ""} check inter 500ms fall 2 rise 1`), ""].join("\n");
const nginx = (how: string) => ({ nodes }: Affinity, listen: string): string =>
  `upstream be {\n  zone be 64k;\n  ${how}\n${nodes.map(({ port }) => `  server 127.0.0.1:${port} max_fails=1 fail_timeout=1s;`).join("\n")}\n}\nserver { listen ${listen}; location / { proxy_pass http://be; proxy_connect_timeout 1s; proxy_next_upstream error timeout; } }\n`;

const GOOD_COOKIE = haproxy(["balance roundrobin", 'cookie srv_id insert indirect nocache httponly secure attr "SameSite=Lax"'], true);

/** Bad set-ups of the report, and good ones: what each is called. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  haproxy: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "`balance source` of the founding documents", text: haproxy(["balance source"]), key: "address", findings: ["by_address", "bystanders_move", "fails_back"] },
    { name: "a cookie without attributes", text: haproxy(["balance roundrobin", "cookie srv_id insert indirect nocache domain .example.com"], true), key: "cookie", findings: ["cookie_script_readable", "cookie_insecure", "cookie_same_site", "cookie_domain"] },
    { name: "no stickiness", text: haproxy(["balance roundrobin"]), key: "none", findings: ["not_sticky"] },
    { name: "a hash of the header, generated", options: { key: { header: "X-Session-ID" } }, key: "header", findings: ["not_sticky"] },
    { name: "a label before the application's own cookie (`prefix`)", text: haproxy(["balance roundrobin", "cookie visitor prefix nocache"], true), key: "cookie", findings: ["fails_back"] },
    { name: "a hash with bounded loads", text: haproxy(["balance source", "hash-type consistent sdbm avalanche", "hash-balance-factor 150"]), key: "none", findings: ["partly_sticky"] },
    { name: "a cookie, one node weighs eight", text: (affinity, listen) => GOOD_COOKIE(affinity, listen).replace(/^( {4}server a .*)$/m, "$1 weight 8"), key: "cookie", findings: ["uneven"] },
  ],
  nginx: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "a hash of the session's cookie", text: nginx("hash $cookie_visitor consistent;"), key: "cookie", findings: ["moves_once", "fails_back"] },
  ],
  newNginx: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "`sticky` of the founding documents", text: nginx("sticky cookie srv_id expires=1h domain=.example.com path=/;"), key: "cookie", findings: ["cookie_script_readable", "cookie_insecure", "cookie_same_site", "cookie_domain", "leaks_address"] },
  ],
  // Its hashes spread badly, by the ports of the nodes more or less: what chance does not do only shows with many clients.
  caddy: [
    { name: "generated, by header", options: { key: { header: "X-Session-ID" } }, key: "header", findings: ["not_sticky"] },
    { name: "generated, by address", options: { key: "ip" }, key: "address", findings: ["by_address", "fails_back"] },
  ],
  newCaddy: [{ name: "generated, by cookie", key: "cookie", findings: [] }],
};

for (const engine of ENGINES.filter(({ service }) => service in ROWS)) {
  const { kind, name, service, version } = engine;
  const program = programOf(engine, "the probe is") ?? "";
  describe.skipIf(program === "")(`the probe, on ${name} ${needOf(engine)}`, () => {
    it.each(ROWS[service] ?? [])("$name: says $findings", { timeout: 120_000 }, async ({ options = {}, text, key, findings }) => {
      process.env["HOLDFAST_AFFINITY_SECRET"] ??= "a-secret-of-the-tests-and-of-nothing-else";
      const found = await verifyBalancer({ options, start: (affinity) => startBalancer(kind, program, (listen) => text?.(affinity, listen) ?? affinityConfig(affinity, kind, { version, listen }).text) });
      // A hash is as even as it is.
      const codes = found.findings.map(({ code }) => code).filter((code) => code !== "uneven" || findings.includes("uneven"));
      expect([found.key, [...codes].toSorted(), found.errors]).toEqual([key, [...findings].toSorted(), 0]);
    });
  });
}
