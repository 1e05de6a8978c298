import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Program, startExample } from "../../test/program.ts";

describe("the websocket example", () => {
  let program: Program;
  beforeAll(async () => void (program = await startExample("websocket", ["src/main.ts"])));
  afterAll(() => program?.stop());

  const post = (path: string, cookie = "") => fetch(program.url + path, { method: "POST", headers: { "sec-fetch-site": "same-origin", cookie } });
  const signIn = async (): Promise<string> => (await post("/sign-in?user=ada")).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const connect = (cookie: string, origin: string | undefined = program.url): WebSocket =>
    new WebSocket(`${program.url.replace("http", "ws")}/socket`, { headers: { cookie, ...(origin === undefined ? {} : { origin }) } });
  const refusal = async (socket: WebSocket): Promise<number | undefined> => {
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };

  it("[E16] opens for a live session from its own pages only", async () => {
    const cookie = await signIn();
    expect(await refusal(connect(cookie, "https://evil.example"))).toBe(403);
    expect(await refusal(connect(""))).toBe(401);
    const socket = connect(cookie);
    expect(String((await once(socket, "message"))[0])).toBe("Welcome, ada");
    socket.send("ahoy");
    expect(String((await once(socket, "message"))[0])).toBe("ada: ahoy");
    socket.close();
    await once(socket, "close");
  });

  it("[E16] closes when the session is signed out", async () => {
    const cookie = await signIn();
    const socket = connect(cookie);
    await once(socket, "message");
    const closed = once(socket, "close");
    expect((await post("/sign-out", cookie)).status).toBe(200);
    expect((await closed)[0]).toBe(4401);
    expect(await refusal(connect(cookie))).toBe(401);
  });
});
