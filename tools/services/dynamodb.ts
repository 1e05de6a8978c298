import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { type Server, startServer } from "./server.ts";

// DynamoDB Local listens on every interface and has no option against that. So it runs in a network of its own, which has a loopback and nothing else.
// The way in is a Unix socket, because those belong to no network, behind a port of 127.0.0.1.

/** For the SDK: the local engine believes every key. */
export const LOCAL_AWS = { AWS_REGION: "local", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" } as const;

/** With rights, in a network and with mounts of its own: $1 is the folder of the jar, $2 this Node, which may lie where nobody else can read, $3 a program for it. */
const ENTER = 'ip link set lo up && mount --bind "$1" local && mount --bind "$2" node && exec setpriv --reuid=65534 --regid=65534 --clear-groups --pdeathsig=KILL ./node --input-type=module --eval "$3"';
const inside = readFileSync(new URL("dynamodb-inside.mjs", import.meta.url), "utf8");

/** DynamoDB Local, empty, on a port of 127.0.0.1. It keeps nothing: with files it is ten times slower, and acknowledges transactions before they are written. */
export async function startDynamodb(jar: string): Promise<Server> {
  let socket = "";
  const clients = new Set<Socket>();
  const gate = createServer((client) => {
    const there = connect(socket);
    clients.add(client);
    client.pipe(there).pipe(client);
    client.on("error", () => there.destroy()).on("close", () => (clients.delete(client), there.destroy()));
    there.on("error", () => client.destroy()).on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => void gate.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    gate.close();
    for (const client of clients) client.destroy();
  };
  const plan = {
    program: "/usr/bin/unshare",
    dropsRights: true,
    files: () => ({ node: "" }),
    prepare: () => [["mkdir", "local"]] as const,
    args({ folder }: { readonly folder: string }) {
      socket = join(folder, "socket");
      return ["--net", "--mount", "sh", "-c", ENTER, "sh", dirname(jar), process.execPath, inside];
    },
    url: ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}`,
    greeting: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    // It wants a signature.
    answer: /^HTTP\/1.1 400 /,
  };
  try {
    const server = await startServer(plan, (gate.address() as AddressInfo).port);
    const stop = (): Promise<void> => server.stop().finally(close);
    return Object.defineProperties({} as Server, { ...Object.getOwnPropertyDescriptors(server), stop: { value: stop, enumerable: true } });
  } catch (error) {
    close();
    throw error;
  }
}
