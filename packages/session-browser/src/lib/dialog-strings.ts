/** What the dialog says about one of the two limits. */
export interface DialogWords {
  readonly title: string;
  readonly text: string;
  readonly stay: string;
}

/** All that the dialog says. Those you leave out are English: translate all or none. */
export interface DialogStrings {
  /** Language of the strings, as in `lang`; durations are written in it. */
  readonly lang: string;
  /** The end by inactivity; `stay` extends. */
  readonly idle: DialogWords;
  /** The end that nothing moves; `stay` closes the notice. */
  readonly absolute: DialogWords;
  readonly leave: string;
  /** The time left as a sentence, for screen readers. */
  readonly left: (duration: string) => string;
  /** `extend()` did not work; takes the place of the text, and is announced. */
  readonly failed: string;
}

export const ENGLISH: DialogStrings = {
  lang: "en",
  idle: { title: "Are you still there?", text: "You were inactive and will be signed out.", stay: "Stay signed in" },
  absolute: { title: "Your session ends soon", text: "It cannot be extended. Save your work.", stay: "Continue" },
  leave: "Sign out now",
  left: (duration) => `${duration} left.`,
  failed: "That did not work. Try again.",
};
