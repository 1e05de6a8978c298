import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "./folder.ts";
import { reloadMaster } from "./reload.ts";
import { type Place, type Server, type ServerPlan, startServer } from "./server.ts";

export type BalancerKind = "haproxy" | "nginx" | "caddy";

/** What the text of a configuration cannot say of the place in which it is tried. */
interface Setting {
  readonly file: string;
  readonly args: readonly string[];
  readonly check: readonly string[];
  /** Takes the configuration anew, without a connection refused or cut; Caddy may reset some that it has not accepted. */
  readonly reload: (server: Server, program: string) => Promise<void>;
  readonly more: (folder: string) => Readonly<Record<string, string>>;
}

const SETTINGS: Readonly<Record<BalancerKind, Setting>> = {
  haproxy: { file: "haproxy.cfg", args: ["-W", "-db", "-f", "haproxy.cfg"], check: ["-c", "-f", "haproxy.cfg"], reload: ({ pid, port }) => reloadMaster(pid, port, "SIGUSR2"), more: () => ({}) },
  nginx: {
    file: "site.conf",
    args: ["-p", ".", "-e", "error.log", "-c", "nginx.conf"],
    check: ["-t", "-p", ".", "-e", "error.log", "-c", "nginx.conf"],
    reload: ({ pid, port }) => reloadMaster(pid, port, "SIGHUP"),
    more: (folder) => ({
      "nginx.conf": [
        "daemon off;",
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
    reload: ({ folder }, program) => promisify(execFile)(program, ["reload", "--config", "Caddyfile", "--adapter", "caddyfile", "--address", `unix/${folder}/admin.sock`], { cwd: folder, env: { ...process.env, HOME: folder } }).then(() => undefined),
    // Everything under the folder, nothing outside: no admin port, no state of a user.
    more: (folder) => ({ Caddyfile: `{\n\tadmin unix/${folder}/admin.sock\n\tauto_https off\n\tstorage file_system ${folder}/caddy\n\tlog {\n\t\toutput file ${folder}/caddy.log\n\t}\n}\nimport ${folder}/site.caddy\n` }),
  },
};

/** Starts a balancer with this configuration; `text` is told where to listen. */
export const startBalancer = (kind: BalancerKind, program: string, text: (listen: string) => string, on?: number): Promise<Server> => {
  const { file, args, more } = SETTINGS[kind];
  const plan: ServerPlan = {
    program,
    args: () => args,
    files: ({ folder, port }: Place) => ({ ...more(folder), [file]: text(`127.0.0.1:${port}`) }),
    url: ({ port }) => `http://127.0.0.1:${port}`,
    greeting: "GET /ready HTTP/1.0\r\nHost: ready\r\n\r\n",
    answer: /^HTTP\/1/,
  };
  return startServer(plan, on);
};

/** Gives it another configuration while it runs. */
export const reconfigure = async (kind: BalancerKind, program: string, server: Server, text: (listen: string) => string): Promise<void> => {
  const { file, reload } = SETTINGS[kind];
  writeFileSync(join(server.folder, file), text(`127.0.0.1:${server.port}`));
  await reload(server, program);
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
