// A server process of its own on a shared database file: answers each credential it is sent with what it makes of it.
import { DatabaseSync } from "node:sqlite";
import { createSessions, type KeyRingFile } from "@holdfast/session-core";
import { createSqliteStore } from "@holdfast/store-sqlite";

const [file = "", keys = "{}"] = process.argv.slice(2);
const sessions = createSessions({ store: createSqliteStore(new DatabaseSync(file)), keys: JSON.parse(keys) as KeyRingFile });

process.on("message", async (credential: string) => {
  const { state } = await sessions.open(credential);
  process.send?.(state.kind === "none" ? `none ${state.ended ?? state.refused ?? ""}`.trim() : state.kind);
});
process.send?.("ready");
