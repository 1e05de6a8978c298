import { reportActivity } from "@holdfast/session-browser/iframe";

// Who measures a boat in here is not away: the page around this frame hears of it, and of nothing else.
reportActivity({ to: location.origin });

document.documentElement.dataset["theme"] = location.hash.slice(1);
const length = document.querySelector<HTMLInputElement>("#length");

function measure(): void {
  const metres = Number(length?.value);
  // The old rule: an eighth of an inch for each nine feet, in even millimetres.
  const line = Math.max(8, 2 * Math.ceil((metres * 3.28 * 0.353) / 2));
  const sizes = { boat: `${metres} m`, mooring: `${line} mm`, anchor: `${line + 2} mm`, shackle: `${line - 2} mm` };
  for (const [id, size] of Object.entries(sizes)) document.querySelector(`#${id}`)?.replaceChildren(size);
}

length?.addEventListener("input", measure);
measure();
