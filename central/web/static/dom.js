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
