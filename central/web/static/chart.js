/** Lines over time, drawn to be read from two metres: few ticks, names at the lines' ends, a reading under the pointer. */

import { el, setAttribute, setText, svg } from "./dom.js";
import { hourMinute, number, t } from "./words.js";

const EDGE = { left: 44, right: 14, top: 10, bottom: 22 };

export class Chart {
  constructor(host) {
    this.host = host;
    this.series = [];
    new ResizeObserver(() => this.draw()).observe(host);
    host.addEventListener("pointermove", (event) => this.read(event));
    host.addEventListener("pointerleave", () => this.cursor?.setAttribute("visibility", "hidden"));
  }

  /** @param series [{name, style, time_s, values}], times in seconds since the epoch */
  show(title, series) {
    this.title = title;
    this.series = series.filter((each) => each.time_s.length > 1);
    this.draw();
  }

  draw() {
    const width = Math.floor(this.host.clientWidth);
    if (!this.series.length || width < 80) {
      this.host.replaceChildren(el("p", { class: "empty" }, t("no_delay")));
      return;
    }
    const key = el("ul", { class: "key" }, el("li", { class: "title" }, this.title), ...this.series.map((each) => el("li", { class: each.style }, `${each.name} `, el("b", {}))));
    const place = el("div", { class: "plot" });
    this.host.replaceChildren(key, place);
    const height = Math.max(120, Math.floor(place.clientHeight));
    const times = this.series.flatMap((each) => [each.time_s[0], each.time_s.at(-1)]);
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const top = niceTop(Math.max(1, ...this.series.flatMap((each) => each.values)));
    this.x = (s) => EDGE.left + ((s - from) / Math.max(1, to - from)) * (width - EDGE.left - EDGE.right);
    this.y = (v) => height - EDGE.bottom - (v / top) * (height - EDGE.top - EDGE.bottom);
    this.span = { from, to, width, height };
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": this.spoken() });
    for (const value of [0, top / 2, top]) {
      root.append(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: this.y(value), y2: this.y(value) }), label(EDGE.left - 6, this.y(value) + 4, number(value), "end"));
    }
    for (const second of ticks(from, to, width < 420 ? 3 : 5)) root.append(label(this.x(second), height - 6, hourMinute(second), "middle"));
    for (const each of this.series) root.append(svg("path", { class: `line ${each.style}`, d: this.path(each) }));
    root.append(this.cursor = svg("g", { class: "cursor", visibility: "hidden" }, svg("line", { y1: EDGE.top, y2: height - EDGE.bottom })));
    this.values = [...key.querySelectorAll("b")];
    this.latest();
    place.append(root);
  }

  latest() { this.series.forEach((each, i) => setText(this.values[i], number(each.values.at(-1), 0))); }

  path(each) {
    let d = "", before = null;
    each.time_s.forEach((second, i) => {
      // a gap in the news is a gap in the line
      d += `${before !== null && second - before <= 60 ? "L" : "M"}${this.x(second).toFixed(1)} ${this.y(each.values[i]).toFixed(1)}`;
      before = second;
    });
    return d;
  }

  read(event) {
    if (!this.cursor || !this.series.length) return;
    const { from, to, width } = this.span;
    const at = event.clientX - this.host.getBoundingClientRect().left;
    const second = from + ((at - EDGE.left) / (width - EDGE.left - EDGE.right)) * (to - from);
    if (second < from || second > to) { setAttribute(this.cursor, "visibility", "hidden"); this.latest(); return; }
    setAttribute(this.cursor, "visibility", "visible");
    for (const name of ["x1", "x2"]) setAttribute(this.cursor.firstChild, name, this.x(second));
    this.series.forEach((each, i) => {
      const index = each.time_s.findIndex((time) => time > second) - 1;
      setText(this.values[i], `${number(index >= 0 ? each.values[index] : each.values.at(-1), 0)} · ${hourMinute(second)}`);
    });
  }

  spoken() { return `${this.title}: ${this.series.map((each) => `${each.name} ${number(each.values.at(-1), 0)}`).join(", ")}`; }
}

function label(x, y, words, anchor) {
  const node = svg("text", { x, y, "text-anchor": anchor, class: "tick" });
  node.textContent = words;
  return node;
}

function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function ticks(from, to, most) {
  const step = [60, 120, 300, 600, 900, 1800, 3600, 7200].find((each) => (to - from) / each <= most) ?? 14400;
  const first = Math.ceil(from / step) * step, found = [];
  for (let second = first; second <= to; second += step) found.push(second);
  return found;
}
