import type { ListPage, StoredSession } from "../port.ts";

/** The place after which a page begins, in the order newest first, then greatest id. The first page begins before everything; what is no cursor, after everything. */
export function placeOf(cursor: string | undefined): { readonly createdAt: number; readonly id: string } {
  if (cursor === undefined) return { createdAt: Number.MAX_SAFE_INTEGER, id: "" };
  const [, createdAt = -1, id = ""] = /^(\d{1,15})\.(.+)$/s.exec(cursor) ?? [];
  return { createdAt: Number(createdAt), id };
}

/** The id decides between rows of one millisecond, so that a cursor names one place only. */
export function newestFirst(a: ReturnType<typeof placeOf>, b: ReturnType<typeof placeOf>): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/** The page of the first `limit` rows, in order. One row more tells that there is a next page. */
export function pageOf(found: readonly StoredSession[], limit: number): ListPage {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return last === undefined || found.length <= limit ? { rows } : { rows, cursor: `${last.createdAt}.${last.id}` };
}
