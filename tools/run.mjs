// Starts one of the tools beside this file. Plain JavaScript, because Node 20 has to be able to read it: the tools
// themselves are TypeScript, which Node runs from 22.18 on. pnpm fetches such a Node from npm (optional dependency "node").
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const fetched = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
const [tool = "", ...args] = process.argv.slice(2);

const canRunTypeScript = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18);
};

if (!/^[a-z]+$/.test(tool) || !existsSync(`${here}${tool}.ts`)) {
  console.error(`No such tool: "${tool}". See the scripts in package.json.`);
  process.exit(1);
} else if (canRunTypeScript()) {
  process.argv.splice(1, 2, `${here}${tool}.ts`);
  await import(pathToFileURL(`${here}${tool}.ts`).href);
} else if (existsSync(fetched) && process.execPath !== fetched) {
  const { status } = spawnSync(fetched, [`${here}run.mjs`, tool, ...args], { stdio: "inherit" });
  process.exit(status ?? 1);
} else {
  console.error(
    `Holdfast's tools need Node 22.18 or newer and this is Node ${process.versions.node}. Installing the workspace normally ` +
      `fetches Node 24 from npm, but not on this machine: install Node 24 and run the command again.`,
  );
  if (tool === "test" || tool === "drill") console.log("0 passed, 1 failed, 0 skipped");
  process.exit(1);
}
