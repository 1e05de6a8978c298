import type { Affinity } from "@holdfast/affinity";
import { tryRows } from "../support/rows.ts";
import type { Row } from "../support/verdict.ts";
import { networks } from "../support/verified.ts";

const PROXY = "proxy_connect_timeout 1s; proxy_next_upstream error timeout;";
const FAILING = "max_fails=1 fail_timeout=1s";

interface Shape {
  readonly failing?: string;
  /** Before the upstream. */
  readonly before?: string;
  /** Each server has its label for `sticky`. */
  readonly labelled?: boolean;
}

const nginx = (how: string, { failing = FAILING, before = "", labelled = false }: Shape = {}) => ({ nodes }: Affinity, listen: string): string =>
  `${before}upstream be {\n  zone be 64k;\n  ${how}\n${nodes.map(({ label, port }) => `  server 127.0.0.1:${port} ${failing}${labelled ? ` route=${label}` : ""};`).join("\n")}\n}\nserver { listen ${listen}; location / { proxy_pass http://be; ${PROXY} } }\n`;

/** An upstream for each node with the others behind it, and a map from the token that the application mints. */
const byToken = ({ nodes }: Affinity, listen: string): string => {
  const server = (port: number, more = ""): string => `  server 127.0.0.1:${port} ${FAILING}${more};\n`;
  return [
    `upstream pool {\n${nodes.map(({ port }) => server(port)).join("")}}`,
    ...nodes.map((node) => `upstream node_${node.label} {\n${server(node.port)}${nodes.filter((other) => other !== node).map(({ port }) => server(port, " backup")).join("")}}`),
    `map $cookie_hf_aff $hf_up {\n  default pool;\n${nodes.map(({ label }) => `  "~^${label}\\." node_${label};\n`).join("")}}`,
    `server { listen ${listen}; location / { proxy_pass http://$hf_up; ${PROXY} } }\n`,
  ].join("\n");
};

const ROUTE = 'map $cookie_hf_aff $hf_route {\n  default "";\n  "~^(?<route>[A-Za-z0-9_-]+)\\." $route;\n}\n';
const STICKY = "sticky cookie srv_id path=/ httponly secure samesite=lax;";

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  nginx: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "generated, by address (`hash $remote_addr consistent`)", options: { key: "ip" }, key: "address", findings: ["by_address", "fails_back"], spreadBy: "a hash of ports" },
    { name: "generated, by header", options: { key: { header: "X-Session-ID" } }, key: "header", findings: ["not_sticky", "fails_back"], spreadBy: "a hash of ports" },
    { name: "`ip_hash`, addresses far apart", text: nginx("ip_hash;"), key: "address", findings: ["by_address", "by_network", "fails_back"] },
    { name: "`ip_hash`, two /24", text: nginx("ip_hash;"), probe: { addressOf: networks(2) }, key: "address", findings: ["by_address", "by_network", "fails_back", "uneven"] },
    { name: "`ip_hash`, one /24", text: nginx("ip_hash;"), probe: { addressOf: networks(1) }, key: "unknown", findings: ["one_node"], untried: "there is no other" },
    { name: "`hash $remote_addr`", text: nginx("hash $remote_addr;"), key: "address", findings: ["by_address", "fails_back"] },
    { name: "`hash` of the session's cookie, `consistent`", text: nginx("hash $cookie_visitor consistent;"), key: "cookie", findings: ["moves_once", "fails_back"] },
    { name: "`hash $http_x_session_id`", text: nginx("hash $http_x_session_id;"), key: "header", findings: ["not_sticky", "fails_back"] },
    { name: "`hash $http_x_session_id consistent`", text: nginx("hash $http_x_session_id consistent;"), key: "header", findings: ["not_sticky", "fails_back"], spreadBy: "a hash of ports" },
    { name: "`map` of the application's token", text: byToken, probe: { path: "/token" }, key: "cookie", findings: [] },
  ],
  newNginx: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { name: "`sticky cookie` of the founding documents", text: nginx("sticky cookie srv_id expires=1h domain=.example.com path=/;"), key: "cookie", findings: ["cookie_script_readable", "cookie_insecure", "cookie_same_site", "cookie_domain", "leaks_address"] },
    { name: "`sticky route` by the application's token", text: nginx("sticky route $hf_route;", { before: ROUTE, labelled: true }), probe: { path: "/token" }, key: "cookie", findings: [] },
    { name: "`sticky learn` from the application's cookie", text: nginx("sticky learn create=$upstream_cookie_visitor lookup=$cookie_visitor zone=learned:1m;"), key: "cookie", findings: [] },
    { name: "`sticky cookie`, a node that failed once is out for an hour", text: nginx(STICKY, { labelled: true, failing: "max_fails=1 fail_timeout=1h" }), probe: { notice: 1000 }, key: "cookie", findings: ["not_back"] },
  ],
};

tryRows("nginx", ROWS);
