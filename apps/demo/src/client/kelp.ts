import { s } from "./dom.ts";

interface Frond { x: number; height: number; lean: number; size: number; tone: number }

const FRONDS: readonly Frond[] = [
  { x: 250, height: 252, lean: -26, size: 30, tone: 1 },
  { x: 268, height: 292, lean: 14, size: 36, tone: 0 },
  { x: 290, height: 214, lean: 40, size: 28, tone: 2 },
  { x: 338, height: 268, lean: -18, size: 34, tone: 0 },
  { x: 356, height: 190, lean: 34, size: 26, tone: 1 },
];
const TONES = [["#c49a3f", "#8f6f28"], ["#8b8a3a", "#65642a"], ["#a87f33", "#7a5a22"]] as const;
const FLOOR = 296;

/** The kelp on its rock: the picture behind the name. */
export function kelpScene(): SVGSVGElement {
  const scene = s("svg", { class: "scene", viewBox: "0 0 420 320", preserveAspectRatio: "xMaxYMax slice", "aria-hidden": "true" }, s("use", { href: "#kelp-bed" }));
  const back = FRONDS.map((frond, i) => drawFrond(frond, i));
  scene.append(
    s("path", { class: "rock2", d: "M180 320c20-22 40-20 62-24 30-6 44-16 78-12 40 4 62 18 100 20v16Z" }),
    ...back,
    holdfast(268, FLOOR - 6),
    holdfast(346, FLOOR - 4),
    s("path", { class: "rock", d: "M210 320c12-12 28-14 46-14 12 0 22-4 36-4 26 0 40 6 58 4 30-2 48 6 70 8v6Z" }),
  );
  return scene;
}

function drawFrond({ x, height, lean, size, tone }: Frond, index: number): SVGGElement {
  const [leaf, stem] = TONES[tone] ?? TONES[0];
  const group = s("g", { class: "frond" });
  group.style.setProperty("--leaf", leaf);
  group.style.setProperty("--stem", stem);
  group.style.transformOrigin = `${x}px ${FLOOR}px`;
  group.style.animationDelay = `${-1.7 * index}s`;
  const at = (t: number): [number, number] => [x + lean * t * t + Math.sin(t * 5 + index) * 7 * t, FLOOR - height * t];
  const points = Array.from({ length: 13 }, (_, i) => at(i / 12));
  group.append(s("path", { class: "stipe", "stroke-width": 4, d: `M${points.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L")}` }));
  const count = Math.round(height / 24);
  for (let i = 1; i <= count; i++) {
    const t = 0.14 + (0.86 * i) / count;
    const [px, py] = at(t);
    const side = i % 2 ? 1 : -1;
    const length = size * (1.15 - 0.5 * Math.abs(t - 0.5)) * (i === count ? 0.8 : 1);
    group.append(blade(px, py, length, side, 18 + 16 * t), s("circle", { cx: (px + side * 4).toFixed(1), cy: (py - 1).toFixed(1), r: 3.1 }));
  }
  return group;
}

function blade(x: number, y: number, length: number, side: number, rise: number): SVGPathElement {
  const tipX = x + side * length;
  const tipY = y - rise;
  const d = `M${f(x)} ${f(y)}C${f(x + side * length * 0.35)} ${f(y + 5)} ${f(x + side * length * 0.8)} ${f(y - rise * 0.2)} ${f(tipX)} ${f(tipY)}C${f(x + side * length * 0.6)} ${f(tipY + 3)} ${f(x + side * length * 0.2)} ${f(y - rise * 0.55)} ${f(x)} ${f(y)}Z`;
  return s("path", { d });
}

function holdfast(x: number, y: number): SVGGElement {
  const group = s("g", { class: "haptera" });
  for (const [dx, dy, width] of [[-34, 20, 4], [-22, 24, 5], [-9, 24, 4], [5, 26, 4], [18, 23, 5], [31, 20, 4]] as const) {
    group.append(s("path", { "stroke-width": width, d: `M${x} ${y - 12}C${f(x + dx * 0.2)} ${y} ${f(x + dx * 0.9)} ${y - 4} ${x + dx} ${y + dy}` }));
  }
  return group;
}

const f = (value: number): string => value.toFixed(1);
