import { type ProblemName, problemType } from "@holdfast/session-protocol";

export interface Problem {
  readonly is: (name: ProblemName) => boolean;
  /** The server refused before the application saw the request. */
  readonly unprocessed: boolean;
}

/** Which of our problems an answer is; any other 401 or 403 is the application's own business. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  if (response.ok || !response.headers.get("content-type")?.startsWith("application/problem+json")) return undefined;
  try {
    const { type, processed } = (await response.clone().json()) as Readonly<Record<string, unknown>>;
    return { is: (name) => type === problemType(name), unprocessed: processed === false };
  } catch {
    return undefined;
  }
}
