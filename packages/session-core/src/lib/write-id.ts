import { randomBytes, toBase64url } from "./bytes.ts";

/** Tells one's own write from another's after an acknowledgement was lost. */
export const newWriteId = (): string => toBase64url(randomBytes(12));
