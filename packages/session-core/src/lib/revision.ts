/**
 * The revision after this one. A store that fails over to an older copy counts on from there: with steps of one, a writer that read before
 * would find the number it expects on another row, and undo what was acknowledged meanwhile.
 */
export const revisionAfter = (revision: number): number => revision + 1 + Math.floor(Math.random() * 65_536);
