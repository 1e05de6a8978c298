import type { Io } from "../io.ts";
import { readKeyFile } from "./key-file.ts";
import { readRing } from "./read-ring.ts";
import { reportJson, reportText } from "./report.ts";
import type { Timing } from "./ring.ts";

export interface ListOptions extends Timing {
  readonly json?: boolean;
}

export async function listKeys(file: string, options: ListOptions, io: Io): Promise<void> {
  const ring = await readRing(await readKeyFile(file, io), options);
  io.out((options.json ? reportJson : reportText)(file, ring, io.now()));
}
