import type { BindingSettings } from "./options.ts";

/** As browsers see it. */
export const originOf = ({ origin }: Pick<BindingSettings, "origin">, url: string): string => origin ?? new URL(url).origin;

/** `aud` is optional and so far only sent by choice; one that is there has to be the address of the route. */
export function isForHere(aud: unknown, settings: Pick<BindingSettings, "origin">, request: Request, path: string): boolean {
  const here = originOf(settings, request.url) + path;
  return aud === undefined || aud === here || (Array.isArray(aud) && aud.includes(here));
}
