import type { Affinity, AffinityNode } from "../affinity.ts";
import { cookieAttributes } from "../cookie.ts";
import { addressOf } from "../nodes.ts";
import type { Draft, Loss, Target } from "../target.ts";
import { atLeast } from "../version.ts";
import { behindOneAddress, cookieInCaches, hashForgets, isNamed, losses, namesAtStart, passiveHealth, span, variable } from "./losses.ts";

/** `sticky` is in the open-source NGINX from this version on. */
const STICKY = "1.29.6";

const server = ({ health }: Affinity, node: AffinityNode, more = ""): string =>
  `    server ${addressOf(node)}${node.weight === 1 ? "" : ` weight=${node.weight}`}${more} max_fails=1 fail_timeout=${Math.max(1, Math.ceil(health.interval / 1000))}s;`;
const takingNew = ({ nodes }: Affinity): readonly AffinityNode[] => nodes.filter(({ draining }) => !draining);
/** NGINX has variables of its own by these beginnings: $http_cookie, $cookie_name, $arg_name, $request_id. Ours have another one, whatever the description is called. */
const ours = (affinity: Affinity): string => `hf_${variable(affinity)}`;
const pathLiteral = (value: string): string => value.replaceAll(/[.[\]]/g, "\\$&");

const site = (listen: string, to: string, more: readonly string[] = []): readonly string[] => [
  "server {",
  `    listen ${listen.startsWith(":") ? listen.slice(1) : listen};`,
  "    location / {",
  `        proxy_pass http://${to};`,
  "        proxy_http_version 1.1;",
  "        proxy_set_header Host $http_host;",
  "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
  "        proxy_set_header X-Forwarded-Proto $scheme;",
  "        # A request that found its node dead goes to another one. So does one whose connection broke later or whose answer was late, unless it is a POST, LOCK or PATCH:",
  "        # a PUT or DELETE may be carried out twice.",
  "        proxy_connect_timeout 1s;",
  "        proxy_next_upstream error timeout;",
  ...more.map((line) => `        ${line}`),
  "    }",
  "}",
];

const common = (affinity: Affinity): readonly (Loss | false | undefined)[] => [
  { option: "duration.idle", text: "nothing counts idle time: a client stays as long as its browser keeps the cookie." },
  affinity.duration.cookie === "session" && { option: "duration.absolute", text: "nothing limits it: the cookie ends with the browser." },
  affinity.cookielessHeader !== undefined && { option: "cookielessHeader", text: "clients without cookies take turns." },
  cookieInCaches(affinity),
  ...passiveHealth(affinity),
  namesAtStart(affinity),
  { option: "drain", text: `${affinity.health.path} changes nothing: mark the node as draining, write the file anew and reload. Who keeps the cookie still comes: take the node out before its server closes, or a POST may get 502.` },
];

/** Since 1.29.6: `sticky cookie`, with a label of ours as the value (by default it would be the unsalted MD5 of the node's address). */
const sticky = (affinity: Affinity, listen: string): Draft => {
  const { name, nodes, cookie, duration } = affinity;
  const kept = duration.cookie === "persistent" ? ` expires=${span(duration.absolute)}` : "";
  const line = (node: AffinityNode, more: string): string => server(affinity, node, ` route=${node.label}${more}`);
  const takesNew = takingNew(affinity);
  return {
    file: `${name}.conf`,
    lines: [
      `upstream ${name} {`,
      `    zone ${variable(affinity)} 64k;`,
      ...nodes.map((node) => line(node, node.draining ? " drain" : "")),
      // NGINX counts a draining node as no try: where one other is left, a request that finds the draining one gone would be answered 502.
      ...(nodes.length > 1 && takesNew.length === 1 ? takesNew.map((node) => line(node, " backup")) : []),
      `    sticky cookie ${cookie.name}${kept}${cookie.domain === undefined ? "" : ` domain=${cookie.domain}`} path=${cookie.path} httponly${cookie.secure ? " secure" : ""} samesite=${cookie.sameSite};`,
      "}",
      "",
      ...site(listen, name),
    ],
    losses: losses(...common(affinity)),
  };
};

/** Before it: an upstream for each node with the others behind it, a pool for the rest, and a cookie that says which of them answered. */
const mapped = (affinity: Affinity, listen: string): Draft => {
  const { name, nodes, cookie, duration } = affinity;
  const id = ours(affinity);
  const kept = duration.cookie === "persistent" ? `; Max-Age=${duration.absolute / 1000}` : "";
  const takesNew = takingNew(affinity);
  const own = (node: AffinityNode): readonly string[] => [
    `upstream ${name}-${node.label} {`,
    server(affinity, node),
    // A backup of nothing but itself is refused.
    ...takesNew.filter((other) => other !== node).map((other) => server(affinity, other, " backup")),
    "}",
  ];
  return {
    file: `${name}.conf`,
    lines: [
      `upstream ${name} {`,
      ...takesNew.map((node) => server(affinity, node)),
      "}",
      ...nodes.flatMap(own),
      "# Which node the cookie names.",
      `map $http_cookie $${id}_upstream {`,
      `    default ${name};`,
      ...nodes.map(({ label }) => `    "~(?:^|;\\s*)${cookie.name}=${label}(?:;|$)" ${name}-${label};`),
      "}",
      "# Which node answered: the last of those that were tried.",
      `map $upstream_addr $${id}_answered {`,
      '    default "";',
      ...nodes.map((node) => `    "~(?:^|[ ,])${pathLiteral(addressOf(node))}$" ${node.label};`),
      "}",
      "# The cookie is set when it does not name that node yet, and not by a response of the application that sets or clears it.",
      `map "$${id}_upstream:$${id}_answered:$upstream_http_set_cookie" $${id}_cookie {`,
      '    default "";',
      ...nodes.map(({ label }) => `    "~^(?!${name}-${label}:)[^:]*:${label}:(?!(?:.*, ?)?${cookie.name}=)" "${cookie.name}=${label}; ${cookieAttributes(cookie)}${kept}";`),
      "}",
      "",
      ...site(listen, `$${id}_upstream`, [`add_header Set-Cookie $${id}_cookie always;`]),
    ],
    losses: losses(...common(affinity), nodes.some(isNamed) && { option: "nodes", text: "a node given by name is not recognised when it answers, so no cookie is set for it: give addresses to this version." }),
  };
};

const hashed = (affinity: Affinity, listen: string): Draft => {
  const { name, nodes, key } = affinity;
  const id = ours(affinity);
  const header = key.kind === "header" ? `$http_${key.header.toLowerCase().replaceAll("-", "_")}` : undefined;
  return {
    file: `${name}.conf`,
    lines: [
      ...(header === undefined ? [] : ["# Requests without the header are spread, not all sent to one node.", `map ${header} $${id}_key {`, `    default ${header};`, '    "" $request_id;', "}"]),
      `upstream ${name} {`,
      `    # Not ip_hash: it takes a whole /24 for one client, and moves everybody when a node joins.`,
      `    hash ${header === undefined ? "$remote_addr" : `$${id}_key`} consistent;`,
      ...nodes.map((node) => server(affinity, node, node.draining ? " down" : "")),
      "}",
      "",
      ...site(listen, name),
    ],
    losses: losses(
      hashForgets(affinity),
      behindOneAddress(affinity),
      ...passiveHealth(affinity),
      namesAtStart(affinity),
      { option: "drain", text: "a hash cannot drain: clients of a node marked as draining move at once." },
    ),
  };
};

export const nginx: Target = {
  proof: "executed",
  versions: ["1.30.0", "1.18+"],
  draft: (affinity, { version, listen }) => (affinity.key.kind !== "cookie" ? hashed : atLeast(version, STICKY) ? sticky : mapped)(affinity, listen),
};
