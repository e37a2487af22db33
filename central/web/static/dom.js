/** Builds elements. Text always goes in as text, so nothing that comes over the network is ever read as markup. */

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Text out of a bundle, which the centre does not rewrite: nothing hidden in it, and not without end. */
export function plain(text, limit = 200) {
  const hidden = /[\p{C}\p{Zl}\p{Zp}]/gu, letters = [...String(text)];
  const shown = letters.slice(0, limit).join("").replace(hidden, (letter) => `<U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
  return letters.length > limit ? `${shown}… (+${letters.length - limit})` : shown;
}

/** Sets text only where it differs: an unchanged node keeps selection and is not announced again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Lamps told by colour, shape and letter: red a square, amber a diamond, green a disc. */
export const lampOf = (indication) =>
  ({ red: "red", red_amber: "amber", amber: "amber", flashing_amber: "amber", green: "green", permissive_green: "green" })[indication] ?? "off";

export function lampShape(kind, r) {
  if (kind === "red") return `M${-r} ${-r}H${r}V${r}H${-r}Z`;
  if (kind === "amber") return `M0 ${-r * 1.3}L${r * 1.3} 0L0 ${r * 1.3}L${-r * 1.3} 0Z`;
  return `M${-r * 1.1} 0A${r * 1.1} ${r * 1.1} 0 1 1 ${r * 1.1} 0A${r * 1.1} ${r * 1.1} 0 1 1 ${-r * 1.1} 0Z`;
}
