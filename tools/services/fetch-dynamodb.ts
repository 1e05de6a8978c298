import { chmodSync, globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/shell.ts";
import { root } from "../lib/workspace.ts";

const folder = join(root, "node_modules/.cache/holdfast-dynamodb");
/** It has the jar of DynamoDB Local 1.25.1 and its libraries; the packages it depends on (280 MB) are not needed for that. */
const PACKAGE = "amplify-dynamodb-simulator@2.9.30";

export const DYNAMODB_JAR = join(folder, "package/emulator/DynamoDBLocal.jar");

/**
 * Fetches DynamoDB Local (57 MB). It has a licence of its own, which allows to use it for development and tests, and is never part of what we
 * commit or publish. Returns what went wrong.
 */
export const fetchDynamodb = (): string | undefined => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const packed = run("npm", ["pack", PACKAGE, "--silent", "--pack-destination", folder], { cwd: folder });
  if (packed.code !== 0) return `npm pack ${PACKAGE} failed:\n${packed.output}`;
  for (const archive of globSync("*.tgz", { cwd: folder })) {
    const { code, output } = run("tar", ["-xzf", archive, "package/emulator"], { cwd: folder });
    if (code !== 0) return `tar -xzf ${archive} failed: ${output}`;
    rmSync(join(folder, archive));
  }
  // What makes it a program for `programFor`.
  chmodSync(DYNAMODB_JAR, 0o755);
  return undefined;
};
