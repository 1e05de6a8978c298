import { type ProblemName, problemType } from "@holdfast/session-protocol";

export interface Problem {
  readonly is: (name: ProblemName) => boolean;
  /** There is no session, or none that this browser can use: it has lost the key that it is bound to. */
  readonly over: boolean;
  /** The server refused before the application saw the request. */
  readonly unprocessed: boolean;
}

/** Which of our problems an answer is; any other 401 or 403 is the application's own business. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  if (response.ok || !response.headers.get("content-type")?.startsWith("application/problem+json")) return undefined;
  try {
    const { type, processed, signIn } = (await response.clone().json()) as Readonly<Record<string, unknown>>;
    const is = (name: ProblemName): boolean => type === problemType(name);
    return { is, over: is("expired") || signIn === true, unprocessed: processed === false };
  } catch {
    return undefined;
  }
}
