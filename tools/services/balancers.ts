import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { type Place, type Server, type ServerPlan, startServer } from "./server.ts";

export type BalancerKind = "haproxy" | "nginx" | "caddy";

/** What the text of a configuration cannot say of the place in which it is tried. */
interface Setting {
  readonly file: string;
  readonly args: readonly string[];
  readonly check: readonly string[];
  readonly more: (folder: string) => Readonly<Record<string, string>>;
}

const SETTINGS: Readonly<Record<BalancerKind, Setting>> = {
  haproxy: { file: "haproxy.cfg", args: ["-db", "-f", "haproxy.cfg"], check: ["-c", "-f", "haproxy.cfg"], more: () => ({}) },
  nginx: {
    file: "site.conf",
    args: ["-p", ".", "-e", "error.log", "-c", "nginx.conf"],
    check: ["-t", "-p", ".", "-e", "error.log", "-c", "nginx.conf"],
    more: (folder) => ({
      "nginx.conf": [
        // One process, so that its pid is all there is to stop.
        "daemon off;\nmaster_process off;",
        `pid ${folder}/nginx.pid;`,
        "events { worker_connections 1024; }",
        `http {\n  access_log off;\n${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `  ${what}_temp_path ${folder}/${what};`).join("\n")}\n  include ${folder}/site.conf;\n}\n`,
      ].join("\n"),
    }),
  },
  caddy: {
    file: "site.caddy",
    args: ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
    check: ["validate", "--config", "Caddyfile", "--adapter", "caddyfile"],
    // Everything under the folder, nothing outside: no admin port, no state of a user.
    more: (folder) => ({ Caddyfile: `{\n\tadmin off\n\tauto_https off\n\tstorage file_system ${folder}/caddy\n\tlog {\n\t\toutput file ${folder}/caddy.log\n\t}\n}\nimport ${folder}/site.caddy\n` }),
  },
};

/** Starts a balancer with this configuration; `text` is told where to listen. */
export const startBalancer = (kind: BalancerKind, program: string, text: (listen: string) => string): Promise<Server> => {
  const { file, args, more } = SETTINGS[kind];
  const plan: ServerPlan = {
    program,
    args: () => args,
    files: ({ folder, port }: Place) => ({ ...more(folder), [file]: text(`127.0.0.1:${port}`) }),
    url: ({ port }) => `http://127.0.0.1:${port}`,
    greeting: "GET /ready HTTP/1.0\r\nHost: ready\r\n\r\n",
    answer: /^HTTP\/1/,
  };
  return startServer(plan);
};

/** Starts it again with another configuration, on the same port: what a reload comes to for clients between two requests. */
export const reconfigure = async (kind: BalancerKind, { folder, port, restart }: Server, text: (listen: string) => string): Promise<void> => {
  writeFileSync(join(folder, SETTINGS[kind].file), text(`127.0.0.1:${port}`));
  await restart();
};

/** What the engine's own checker says to a configuration; `undefined` when it accepts it. */
export const refusalOf = (kind: BalancerKind, program: string, text: string, env: NodeJS.ProcessEnv = process.env): string | undefined => {
  const folder = temporaryFolder("holdfast-balancer-");
  try {
    const { file, check, more } = SETTINGS[kind];
    chmodSync(folder.path, 0o755);
    mkdirSync(join(folder.path, "caddy"));
    for (const [name, content] of Object.entries({ ...more(folder.path), [file]: text })) writeFileSync(join(folder.path, name), content);
    const { status, stdout, stderr } = spawnSync(program, [...check], { cwd: folder.path, encoding: "utf8", env: { ...env, HOME: folder.path } });
    return status === 0 ? undefined : `${stdout}${stderr}`;
  } finally {
    folder.remove();
  }
};
