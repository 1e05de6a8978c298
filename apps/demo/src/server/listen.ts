export interface Listening {
  readonly port: number;
  /** Takes no more requests, and resolves when those under way are answered. */
  close(): Promise<unknown>;
}

/** What differs between runtimes that have servers. Rejects when the port cannot be had; port 0 is any. */
export type Listen = (fetch: (request: Request) => Response | Promise<Response>, at: { readonly port: number; readonly hostname: string }) => Promise<Listening>;
