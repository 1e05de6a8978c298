import type { Affinity } from "@holdfast/affinity";
import { tryRows } from "../support/rows.ts";
import type { Row } from "../support/verdict.ts";

interface Shape {
  /** Each server has a label for the cookie. */
  readonly labelled?: boolean;
  /** Behind each server. A node that is gone refuses connections at once; one that only is late has 10 s. */
  readonly check?: string;
  /** A hash by the map of servers finds the dead one again until the checks have noticed, so it has to wait between two tries, as it does without a number. */
  readonly redispatch?: string;
}
const BY_MAP: Shape = { redispatch: "option redispatch" };

const haproxy = (lines: readonly string[], { labelled = false, check = "check inter 500ms fall 2 rise 1", redispatch = "option redispatch 1" }: Shape = {}) => ({ nodes }: Affinity, listen: string): string =>
  [
    "defaults",
    ...["mode http", "timeout connect 1s", "timeout client 30s", "timeout server 30s", "timeout check 10s", redispatch, "retries 2"].map((line) => `    ${line}`),
    "frontend in",
    `    bind ${listen}`,
    "    default_backend be",
    "backend be",
    ...["option httpchk GET /healthz", ...lines, ...nodes.map(({ label, port }) => `server ${label} 127.0.0.1:${port}${labelled ? ` cookie ${label}` : ""} ${check}`)].map((line) => `    ${line}`),
    "",
  ].join("\n");

const CONSISTENT = "hash-type consistent sdbm avalanche";
const COOKIE = 'cookie srv_id insert indirect nocache httponly secure attr "SameSite=Lax"';
const ATTRIBUTES = ["cookie_script_readable", "cookie_insecure", "cookie_same_site"];
const withCookie = haproxy(["balance roundrobin", COOKIE], { labelled: true });

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  haproxy: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "generated, by address (`balance source`, consistent)", options: { key: "ip" }, key: "address", findings: ["by_address", "fails_back"] },
    { name: "generated, by header (`balance hdr`, consistent)", options: { key: { header: "X-Session-ID" } }, key: "header", findings: ["not_sticky", "fails_back"] },
    { name: "`cookie … insert`", text: withCookie, key: "cookie", findings: [] },
    { name: "`cookie … insert dynamic`", text: haproxy(["balance roundrobin", `${COOKIE} dynamic`, "dynamic-cookie-key of-the-tests"]), key: "cookie", findings: [] },
    { name: "`cookie … prefix` on the application's own", text: haproxy(["balance roundrobin", "cookie visitor prefix nocache"], { labelled: true }), key: "cookie", findings: ["fails_back"] },
    { name: "`cookie … insert` without attributes, with a domain", text: haproxy(["balance roundrobin", "cookie srv_id insert indirect nocache domain .example.com"], { labelled: true }), key: "cookie", findings: [...ATTRIBUTES, "cookie_domain"] },
    { name: "`balance source` of the founding documents", text: haproxy(["balance source"], BY_MAP), key: "address", findings: ["by_address", "bystanders_move", "fails_back"] },
    { name: "`balance hdr(X-Session-ID)`", text: haproxy(["balance hdr(X-Session-ID)"], BY_MAP), key: "header", findings: ["not_sticky", "bystanders_move", "fails_back"] },
    { name: "`balance hdr(X-Session-ID)`, consistent, with `hash-balance-factor 125`", text: haproxy(["balance hdr(X-Session-ID)", CONSISTENT, "hash-balance-factor 125"]), probe: { clients: 200 }, key: "header", findings: ["not_sticky", "partly_sticky"], untried: "clients move anyway", spreadBy: "how many requests are under way" },
    { name: "`balance source`, consistent, with `hash-balance-factor 150`", text: haproxy(["balance source", CONSISTENT, "hash-balance-factor 150"]), probe: { clients: 200 }, key: "none", findings: ["partly_sticky"], untried: "clients move anyway", spreadBy: "how many requests are under way" },
    { name: "stick-table of addresses", text: haproxy(["balance roundrobin", "stick-table type ip size 10k expire 30m", "stick on src"]), key: "address", findings: ["by_address"] },
    { name: "stick-table of the application's cookies", text: haproxy(["balance roundrobin", "stick-table type string len 36 size 10k expire 30m", "stick on req.cook(visitor)", "stick store-response res.cook(visitor)"]), key: "cookie", findings: [] },
    { name: "`use-server` by the application's token", text: haproxy(["balance roundrobin", ...["a", "b", "c"].map((label) => `use-server ${label} if { req.cook(hf_aff),field(1,.) -m str ${label} }`)]), probe: { path: "/token" }, key: "cookie", findings: [] },
    { name: "round robin, no stickiness", text: haproxy(["balance roundrobin"]), key: "none", findings: ["not_sticky"], untried: "clients move anyway" },
    { name: "a cookie, one node weighs eight", text: (affinity, listen) => withCookie(affinity, listen).replace(/^( {4}server a .*)$/m, "$1 weight 8"), key: "cookie", findings: ["uneven"] },
    { name: "a cookie, a node is back after a hundred good checks", text: haproxy(["balance roundrobin", COOKIE], { labelled: true, check: "check inter 500ms fall 3 rise 100 observe layer4 error-limit 1 on-error mark-down" }), probe: { notice: 1000 }, key: "cookie", findings: ["not_back"] },
  ],
  newHaproxy: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "`cookie … insert`", text: withCookie, key: "cookie", findings: [] },
    { name: "`cookie … insert dynamic`", text: haproxy(["balance roundrobin", `${COOKIE} dynamic`, "dynamic-cookie-key of-the-tests"]), key: "cookie", findings: [] },
  ],
};

tryRows("haproxy", ROWS);
