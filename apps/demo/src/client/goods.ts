export interface Good {
  /** Goes into the cart, and names the drawing. */
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly price: number;
}

export const GOODS: readonly Good[] = [
  { id: "manila-line", name: "Manila line, 20 m", about: "Three strands, laid right-handed. Smells of tar and mornings.", price: 34 },
  { id: "storm-lantern", name: "Storm lantern", about: "Burns in wind that takes your hat. Paraffin, brass burner.", price: 58 },
  { id: "bow-shackle", name: "Bow shackle", about: "Drop-forged, galvanised, rated for two tonnes.", price: 12 },
  { id: "cork-float", name: "Cork float", about: "Marks your pots and finds its own way up.", price: 16 },
  { id: "enamel-mug", name: "Kelp mug", about: "Enamelled steel. Survives the bilge, keeps tea warm.", price: 14 },
  { id: "sounding-lead", name: "Sounding lead", about: "Seven pounds, with a hollow for tallow. Never needs charging.", price: 41 },
  { id: "deck-cleat", name: "Deck cleat", about: "Bronze, four bolts. Holds what you make fast.", price: 27 },
  { id: "marlinspike", name: "Marlinspike", about: "For splices, stubborn knots and opening letters.", price: 19 },
];

export const findGood = (id: string): Good | undefined => GOODS.find((good) => good.id === id);

export const price = (euros: number): string => `€${euros}`;
