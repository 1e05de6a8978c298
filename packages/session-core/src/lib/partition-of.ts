import type { Partition, SessionId } from "./port.ts";

export const partitionOf = (id: SessionId): Partition => id.slice(0, 12) as string as Partition;
