import { connect } from "node:net";

/** One command to a Redis, written as one line, and its answer as the protocol has it. */
export const askRedis = (port: number, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let heard = "";
    socket.setTimeout(30_000, () => socket.destroy(new Error(`no answer to ${line} on port ${port}`)));
    socket.once("error", reject).once("close", () => resolve(heard));
    // The server answers what it was sent, then hangs up, too.
    socket.once("connect", () => socket.end(`${line}\r\n`));
    socket.setEncoding("utf8").on("data", (text: string) => void (heard += text));
  });

/** Asks again until the answer is the one. A real server gets there in its own time. */
export async function untilRedis(port: number, line: string, answer: RegExp, patience = 60_000): Promise<void> {
  const deadline = Date.now() + patience;
  let said = "";
  while (Date.now() < deadline) {
    said = await askRedis(port, line).catch(String);
    if (answer.test(said)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${line} on port ${port} was never ${String(answer)}: ${said.slice(0, 500)}`);
}
