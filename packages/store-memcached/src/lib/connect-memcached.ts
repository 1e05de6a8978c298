import type { ConnectionOptions } from "node:tls";
import { MemcachedError, wrongOption } from "./errors.ts";
import { type Line, openLine } from "./line.ts";
import type { MemcachedNode, MetaCommand, MetaReply } from "./node.ts";
import type { Answer } from "./replies.ts";

export interface MemcachedConnectOptions {
  /** Name and password of a server with an `--auth-file`. Only with `tls`, or on a network that nobody listens to. */
  readonly user?: string;
  readonly password?: string;
  /** For a server with `--enable-ssl`: `true`, or what `tls.connect` takes. Default `false`. */
  readonly tls?: boolean | ConnectionOptions;
  /** How long connecting may take, in milliseconds. Default 1000. */
  readonly connectTimeoutMs?: number;
  /** After so many milliseconds without the answer that is due the connection is given up. Default 1000; keep it under `storeTimeout`. */
  readonly timeoutMs?: number;
}

export interface MemcachedConnection extends MemcachedNode {
  /** Connects, if it is not connected: finds a wrong address, an older server and a wrong password at start-up. @throws MemcachedError */
  check(): Promise<void>;
  /** Ends the connection; calls under way reject, and so do later ones. */
  close(): void;
}

/**
 * A connection to one memcached server of 1.6 or later. It opens with the first command, and after a break with the next one; no command is sent
 * twice, and none to another server.
 * @param address `host`, `host:port`, `[::1]:port`; also the name of the node, which decides what lies there: write it alike on all servers.
 * @throws HoldfastError `config`
 */
export function connectMemcached(address: string, options: MemcachedConnectOptions = {}): MemcachedConnection {
  const { user, password, tls = false, connectTimeoutMs = 1000, timeoutMs = 1000 } = options;
  const { host, port } = parseAddress(address);
  for (const [name, value] of Object.entries({ connectTimeoutMs, timeoutMs })) {
    if (!(value > 0 && value < 2 ** 31)) throw wrongOption(name, "must be a number of milliseconds.");
  }
  if ((user === undefined) !== (password === undefined) || /\s/.test(`${user ?? ""}${password ?? ""}`)) throw wrongOption("user", "and password go together, without spaces.");
  const lineOptions = { host, port, tls: tls === true ? {} : tls || undefined, connectTimeoutMs, timeoutMs };
  let line: Line | undefined;
  let opening: Promise<Line> | undefined;
  let ended = false;
  let asked = 0;

  const open = async (): Promise<Line> => {
    const opened = await openLine(lineOptions);
    await greet(opened, user, password);
    line = opened;
    if (ended) throw end();
    return opened;
  };
  const end = (): MemcachedError => {
    const why = new MemcachedError("ECONNECTION", "The connection was ended.");
    line?.close(why);
    return why;
  };
  const ready = (): Promise<Line> | Line => {
    if (ended) throw end();
    if (line && !line.closed) return line;
    return (opening ??= open().finally(() => (opening = undefined)));
  };

  return {
    name: address,
    async send(commands) {
      const current = await ready();
      const first = asked;
      asked += commands.length;
      const answers = await current.ask(commands.map((command, i) => wireOf(command, first + i)).join(""), commands.length);
      return answers.map((answer, i) => replyOf(current, answer, first + i));
    },
    async check() {
      await ready();
    },
    close() {
      ended = true;
      end();
    },
  };
}

/** Before anything is sent: an older server would take a row for commands, and one without an auth file would keep the password as a value. */
async function greet(line: Line, user: string | undefined, password = ""): Promise<void> {
  const says = async (text: string): Promise<string> => (await line.ask(text, 1))[0]?.words.join(" ") ?? "";
  let answer = await says("mn\r\n");
  if (user !== undefined) {
    if (!/unauthenticated/.test(answer)) throw broken(line, "A user is given, but the server has no --auth-file.");
    const proof = `${user} ${password}`;
    answer = await says(`set auth 0 0 ${Buffer.byteLength(proof)}\r\n${proof}\r\n`);
    if (answer === "STORED") answer = await says("mn\r\n");
  }
  if (answer !== "MN") throw broken(line, `The server says ${JSON.stringify(answer.slice(0, 200))}. It must be memcached 1.6 or later, and let this user in.`);
}

const STATUS = new Set<string>(["HD", "VA", "EN", "NF", "NS", "EX"] satisfies MetaReply["status"][]);
const KEY = /^[!-~]{1,250}$/;

function wireOf({ verb, key, flags, value }: MetaCommand, opaque: number): string {
  if (!KEY.test(key)) throw new MemcachedError("EPROTOCOL", "A key must have 1 to 250 visible ASCII characters.");
  return value === undefined ? `${verb} ${key} ${flags} O${opaque}\r\n` : `${verb} ${key} ${Buffer.byteLength(value)} ${flags} O${opaque}\r\n${value}\r\n`;
}

/** Everything that is not surely the answer to this command ends the connection: what comes after it would be taken for somebody else's. */
function replyOf(line: Line, { words, value }: Answer, opaque: number): MetaReply {
  const [status = "", ...flags] = words;
  if (status === "SERVER_ERROR") throw new MemcachedError("ESERVER", `The server says: ${words.join(" ")}`);
  if (!STATUS.has(status)) throw broken(line, `The server says: ${words.join(" ").slice(0, 200)}`);
  const echoed = flags.find((flag) => flag.startsWith("O"));
  // Some versions answer a miss with nothing but its two letters.
  if (echoed === undefined ? status !== "EN" : echoed !== `O${opaque}`) throw broken(line, "An answer belongs to another command.");
  return { status: status as MetaReply["status"], flags, ...(value === undefined ? {} : { value }) };
}

function broken(line: Line, message: string): MemcachedError {
  const error = new MemcachedError("EPROTOCOL", message);
  line.close(error);
  return error;
}

function parseAddress(address: string): { host: string; port: number } {
  const url = typeof address === "string" && URL.canParse(`memcached://${address}`) ? new URL(`memcached://${address}`) : undefined;
  if (!url?.hostname || url.host !== address) throw wrongOption("address", "must be host:port, without a protocol, a user or a path.");
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 11_211) };
}
