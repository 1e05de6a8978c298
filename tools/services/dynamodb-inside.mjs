// Runs in the network of DynamoDB Local (dynamodb.ts), in the folder of the server: starts it, and lets in who comes through a Unix socket.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";

const PORT = 8000;
// Its library of SQLite is unpacked where temporary files go: into the folder, which goes with the server.
const server = ["-Xmx384m", "-Djava.io.tmpdir=.", "-Djava.library.path=local/DynamoDBLocal_lib", "-jar", "local/DynamoDBLocal.jar", "-port", String(PORT), "-inMemory", "-sharedDb", "-disableTelemetry"];
// It ends with us, also when we are killed.
spawn("setpriv", ["--pdeathsig", "KILL", "java", ...server], { stdio: "inherit" }).once("exit", (code) => process.exit(code ?? 1));

rmSync("socket", { force: true });
createServer((client) => {
  const there = connect(PORT, "127.0.0.1");
  client.pipe(there).pipe(client);
  client.on("error", () => there.destroy()).on("close", () => there.destroy());
  there.on("error", () => client.destroy()).on("close", () => client.destroy());
}).listen("socket");
