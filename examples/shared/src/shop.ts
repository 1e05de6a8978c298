import { reject, type SessionState } from "@holdfast/session-core";

/** What the shop keeps in a session. */
export interface Shop {
  readonly cart: readonly string[];
}

/** What `GET /me` tells of a session. */
export interface Me {
  readonly kind: "active" | "guest" | "none";
  readonly subject?: string;
  readonly acr?: string;
  readonly cart: readonly string[];
}

export function me(state: SessionState<Shop>): Me {
  if (state.kind === "none") return { kind: "none", cart: [] };
  const { cart } = state.data;
  if (state.kind === "guest") return { kind: "guest", cart };
  return { kind: "active", subject: state.subject, ...(state.acr === undefined ? {} : { acr: state.acr }), cart };
}

/** An update of a session: pure, since it runs again on newer data when another request was faster. */
export const addToCart =
  (item: string) =>
  (shop: Shop): Shop => {
    if (shop.cart.length >= 50) reject("the cart is full");
    return { ...shop, cart: [...shop.cart, item] };
  };

/** A text member of a body that came from outside, or `undefined`. */
export function textOf(body: unknown, member: string): string | undefined {
  const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, member) : undefined;
  return typeof value === "string" && value !== "" && value.length <= 80 ? value : undefined;
}
