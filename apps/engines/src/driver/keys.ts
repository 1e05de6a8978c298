interface Special {
  /** As WebDriver writes it. */
  readonly webdriver: string;
  /** Its number in the DevTools protocol, by which the browser knows it. */
  readonly number: number;
  /** What it types. */
  readonly text?: string;
}

const SPECIAL: Readonly<Record<string, Special>> = {
  Tab: { webdriver: "\uE004", number: 9 },
  Enter: { webdriver: "\uE007", number: 13, text: "\r" },
  Escape: { webdriver: "\uE00C", number: 27 },
  " ": { webdriver: " ", number: 32, text: " " },
};
const SHIFT = "\uE008";

/** `Shift+Tab` is Tab with Shift held. */
const read = (value: string): { readonly key: string; readonly shift: boolean } => ({ key: value.replace("Shift+", ""), shift: value.startsWith("Shift+") });

/** The two events of a key, for `Input.dispatchKeyEvent`. */
export function keyEvents(value: string): readonly object[] {
  const { key, shift } = read(value);
  const special = SPECIAL[key];
  const text = special ? special.text : key;
  const common = { key, modifiers: shift ? 8 : 0, ...(special ? { windowsVirtualKeyCode: special.number, code: key.trim() || "Space" } : {}) };
  return [{ ...common, ...(text === undefined ? { type: "rawKeyDown" } : { type: "keyDown", text }) }, { ...common, type: "keyUp" }];
}

/** A key as WebDriver has it, classic and BiDi alike. */
export function keyActions(value: string): readonly object[] {
  const { key, shift } = read(value);
  const pressed = [...(shift ? [SHIFT] : []), SPECIAL[key]?.webdriver ?? key];
  const events = (type: string, keys: readonly string[]): readonly object[] => keys.map((value) => ({ type, value }));
  return [{ type: "key", id: "keys", actions: [...events("keyDown", pressed), ...events("keyUp", pressed.toReversed())] }];
}
