/** Characters in one generation. There are two, so that what is kept never takes more than some megabytes. */
const ROOM = 1 << 20;

/**
 * The same pure function, with a memory for the texts it met lately: a session comes with every request of its user. The older generation goes
 * when the younger is full. What is not `worth` keeping is what strangers can make up: it must not push out the rest.
 */
export function remember<T>(make: (text: string) => T, worth: (made: T) => boolean = () => true): (text: string) => T {
  let young = new Map<string, T>();
  let old = young;
  let room = ROOM;
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    // A copy: engines keep the whole header alive for a part that was cut out of it.
    const own = ` ${text}`.slice(1);
    const made = old.get(text) ?? make(own);
    if (!worth(made)) return made;
    room -= own.length;
    if (room < 0) {
      old = young;
      young = new Map();
      room = ROOM - own.length;
    }
    young.set(own, made);
    return made;
  };
}
