// What `wrangler types` writes in a project of its own.
declare module "cloudflare:workers" {
  export const env: {
    readonly SESSIONS: import("@holdfast/store-workers/durable-object").SessionsNamespace;
    /** A secret: `wrangler secret put SESSION_KEYS`. */
    readonly SESSION_KEYS: string;
  };
}
