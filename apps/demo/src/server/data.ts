/** What the portal keeps in a session. */
export interface PortalData {
  readonly cart: readonly string[];
  readonly prefs: Readonly<Record<string, string>>;
}

/** What the browser may see of it. */
export interface PortalView {
  readonly cartCount: number;
  readonly theme?: string;
  readonly greeting?: string;
}

export const LIMITS = { body: 4096, cart: 50, item: 80, prefs: 20, key: 40, value: 200, note: 280, username: 64, password: 256 } as const;

export const EMPTY: PortalData = { cart: [], prefs: {} };

export function project({ cart, prefs }: PortalData): PortalView {
  const { theme, greeting } = prefs as { theme?: string; greeting?: string };
  return { cartCount: cart.length, ...(theme === undefined ? {} : { theme }), ...(greeting === undefined ? {} : { greeting }) };
}

/** Session data comes from a store; a row of another version or another application is not believed. */
export const portalSchema = {
  "~standard": {
    version: 1,
    vendor: "holdfast-demo",
    validate(value: unknown): { value: PortalData } | { issues: { message: string }[] } {
      if (!isRecord(value)) return { issues: [{ message: "must be an object" }] };
      const { cart, prefs } = value;
      if (!Array.isArray(cart) || cart.length > LIMITS.cart || !cart.every((item) => isText(item, LIMITS.item))) return { issues: [{ message: "cart must be a short list of short texts" }] };
      if (!isRecord(prefs)) return { issues: [{ message: "prefs must be an object" }] };
      const entries = Object.entries(prefs);
      if (entries.length > LIMITS.prefs || !entries.every(([key, text]) => isText(key, LIMITS.key) && isText(text, LIMITS.value, 0))) return { issues: [{ message: "prefs must be a few short texts" }] };
      return { value: { cart: cart as string[], prefs: prefs as Record<string, string> } };
    },
  },
} as const;

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Text of bounded length without control characters or lone surrogates. */
export function isText(value: unknown, max: number, min = 1): value is string {
  return typeof value === "string" && value.length >= min && value.length <= max && !/[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(value);
}
