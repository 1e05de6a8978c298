"use server";

import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { cookies, headers } from "next/headers";
import { sessions } from "../lib/sessions.ts";

/** A server action has no response of its own; Next sets the cookies of its jar on the one it makes. */
export async function signOut(): Promise<void> {
  const incoming = await headers();
  if (isForeignWrite("POST", incoming)) throw new Error("This write came from another site."); // Next lets one without Origin through
  const session = await sessions().open(incoming);
  session.end();
  const jar = await cookies();
  for (const { name, value, options } of (await session.commit()).cookies) jar.set(name, value, options);
}
