/** A text that lets its holder in, and that no log, answer or error message shows by accident. */
export interface Secret {
  /** The text itself, to hand it to its holder. */
  reveal(): string;
  /** `[secret]`, and the same for JSON, `console.log` and `util.inspect`. */
  toString(): string;
  toJSON(): string;
}

const hidden = (): string => "[secret]";

export const secret = (text: string): Secret =>
  Object.freeze({ reveal: () => text, toString: hidden, toJSON: hidden, [Symbol.for("nodejs.util.inspect.custom")]: hidden });
