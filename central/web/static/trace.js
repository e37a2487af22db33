/** The vehicle's distance from the stop line over time, on the colour of its lamp. */

import { lampOf, svg } from "./dom.js";
import { number, t } from "./words.js";

const W = 560, H = 128, LEFT = 44, BOTTOM = 20, TOP = 8;

/** @param csv rows of time_s, x_m (upstream of the line; beyond it negative), …, seen, lamp */
export function traceChart(csv, occurred) {
  const [names, ...lines] = csv.trim().split("\n").map((line) => line.split(","));
  const column = (name) => names.indexOf(name);
  const rows = lines.map((cells) => ({ s: Number(cells[column("time_s")]) - occurred, x: Number(cells[column("x_m")]), lamp: cells[column("lamp")] }))
    .filter((row) => Number.isFinite(row.s) && Number.isFinite(row.x));
  if (rows.length < 2) return "";
  const from = rows[0].s, to = Math.max(rows.at(-1).s, from + 0.1);
  const top = Math.max(2, ...rows.map((row) => row.x)), low = Math.min(-2, ...rows.map((row) => row.x));
  const px = (s) => LEFT + ((s - from) / (to - from)) * (W - LEFT - 8);
  const py = (x) => TOP + ((top - x) / (top - low)) * (H - TOP - BOTTOM - 8);
  const root = svg("svg", { class: "trace", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": t("lamp_trace") });
  rows.forEach((row, i) => {
    const end = rows[i + 1]?.s ?? to;
    root.append(svg("rect", { class: `band ${lampOf(row.lamp)}`, x: px(row.s), y: H - BOTTOM - 6, width: Math.max(0.5, px(end) - px(row.s) + 0.4), height: 6 }));
  });
  const say = (x, y, words, anchor) => {
    const node = svg("text", { x, y, "text-anchor": anchor, class: "tick" });
    node.textContent = words;
    root.append(node);
  };
  root.append(svg("line", { class: "stopline", x1: LEFT, x2: W - 8, y1: py(0), y2: py(0) }));
  say(LEFT - 4, py(0) + 4, "0 m", "end");
  if (py(0) - py(top) > 14) say(LEFT - 4, py(top) + 8, `${number(top)} m`, "end");
  if (py(low) - py(0) > 14) say(LEFT - 4, py(low), `${number(low)} m`, "end");
  root.append(svg("line", { class: "act", x1: px(0), x2: px(0), y1: TOP, y2: H - BOTTOM }));
  for (const s of [from, 0, to]) if (s === 0 || Math.abs(px(s) - px(0)) > 40) say(px(s), H - 4, `${s > 0 ? "+" : ""}${number(s, 1)} s`, s === from ? "start" : s === to ? "end" : "middle");
  root.append(svg("path", { class: "way", d: rows.map((row, i) => `${i ? "L" : "M"}${px(row.s).toFixed(1)} ${py(row.x).toFixed(1)}`).join("") }));
  return root;
}
