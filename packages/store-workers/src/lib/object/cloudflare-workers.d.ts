/** The part of the platform's module that is used; whoever deploys a Durable Object has all of its types from wrangler. */
declare module "cloudflare:workers" {
  export const DurableObject: new (state: unknown, env: unknown) => object;
}
