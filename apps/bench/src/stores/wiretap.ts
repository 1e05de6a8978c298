import { createServer, connect, type AddressInfo, type Socket } from "node:net";

export interface Tally {
  /** Bytes to the engine and from it. */
  readonly sent: number;
  readonly received: number;
  /** Times that something was sent after an answer: what one request waits for, one after the other. */
  readonly trips: number;
}

export interface Wiretap {
  readonly port: number;
  /** What went through since the last time. */
  take(): Tally;
  close(): void;
}

/** Between an application and its engine, on this machine: counts what goes through. For requests one after the other. */
export async function startWiretap(to: number): Promise<Wiretap> {
  const sockets = new Set<Socket>();
  let [sent, received, trips, asking] = [0, 0, 0, false];
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("error", () => undefined).once("close", () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.on("data", (data) => {
      sent += data.length;
      if (!asking) trips++;
      asking = true;
      far.write(data);
    });
    far.on("data", (data) => {
      received += data.length;
      asking = false;
      near.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const tally = { sent, received, trips };
      [sent, received, trips, asking] = [0, 0, 0, false];
      return tally;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
