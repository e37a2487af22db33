/** The live drawing: roads, lamps at the stop lines, queues behind and crowds ahead of them. */

import { lampOf, lampShape, setAttribute, setText, svg } from "./dom.js";
import { place, point } from "./geometry.js";
import { named, number, t } from "./words.js";

const NARROW_PX = 700;

export class Corridor {
  constructor(host) {
    this.host = host;
    this.sites = [];
    this.state = null;
    new ResizeObserver(() => this.draw()).observe(host);
  }

  setSites(sites) { this.sites = sites; this.draw(); }

  /** Draws what does not move; called again when the window or the language changes. */
  draw() {
    const width = Math.floor(this.host.clientWidth), upright = width < NARROW_PX;
    const height = upright ? 250 * this.sites.length + 60 : Math.max(190, Math.floor(this.host.clientHeight));
    if (!this.sites.length || width < 50) return;
    const junctions = place(this.sites, { width, height }, upright);
    this.moving = new Map();
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-labelledby": "corridor-title corridor-words" });
    this.words = svg("desc", { id: "corridor-words" });
    root.append(this.words);
    const roads = svg("g", { class: "roads" }), marks = svg("g", { class: "marks" }), live = svg("g");
    root.append(roads, marks, live, compass(width, upright));
    for (const junction of junctions) {
      for (const arm of junction.approaches) road(roads, marks, arm);
      box(roads, marks, junction);
    }
    for (const junction of junctions) {
      const group = svg("g", { class: "junction" });
      group.append(text(junction.at, junction.id.toUpperCase(), "name", "middle"));
      const arms = new Map();
      for (const arm of junction.approaches) arms.set(arm.id, this.arm(group, arm));
      live.append(group, ...junction.approaches.filter(firstOfLink).map(distance));
      this.moving.set(junction.id, { group, arms });
    }
    this.host.replaceChildren(root);
    if (this.state) this.update(this.state);
  }

  /** The parts of one approach that move. */
  arm(group, arm) {
    const middle = arm.widthPx / 2;
    const bar = svg("line", { class: "queue", "stroke-width": arm.widthPx - 5 });
    const beyond = svg("line", { class: "beyond", "stroke-width": arm.widthPx - 5 });
    const crowd = svg("line", { class: "crowd", "stroke-width": arm.widthPx - 5 });
    const label = text(labelAt(arm), "", "label", anchorOf(arm));
    group.append(bar, beyond, crowd, label);
    const groups = [arm.approach.signal_group, arm.approach.left_signal_group].filter(Boolean);
    const lamps = groups.map((name, index) => {
      const at = point(arm, 10 + 19 * index, arm.widthPx + 12);
      const lamp = svg("g", { class: "lamp", transform: `translate(${at[0]} ${at[1]})` });
      const shape = svg("path", {}), letter = svg("text", { "text-anchor": "middle", dy: "3.6" });
      const title = svg("title", {});
      lamp.append(title, svg("rect", { class: "head", x: -9.5, y: -9.5, width: 19, height: 19, rx: 4 }), shape, letter);
      group.append(lamp);
      return { name, lamp, shape, letter, title, left: index === 1, turn: leftTurn(arm) };
    });
    return { arm, middle, bar, beyond, crowd, label, lamps };
  }

  update(state) {
    this.state = state;
    if (!this.moving) return;
    const words = [];
    for (const node of state.nodes) {
      const parts = this.moving.get(node.id);
      if (!parts) continue;
      setAttribute(parts.group, "class", `junction ${node.health.state}`);
      for (const [name, arm] of parts.arms) {
        const seen = node.approaches[name];
        showQueue(arm, seen);
        for (const lamp of arm.lamps) showLamp(lamp, node.signal?.live ? node.signal.groups[lamp.name] ?? "unknown" : "unknown");
        if (seen) words.push(t("queue_of", { approach: `${node.id} ${named(name)}`, n: seen.queue_veh, m: Math.round(seen.back_of_queue_m) }));
      }
    }
    setText(this.words, words.join("; "));
  }
}

function showQueue({ arm, middle, bar, beyond, crowd, label }, seen) {
  const scale = arm.lengthPx / arm.approach.length_m;
  const back = Math.min((seen?.back_of_queue_m ?? 0) * scale, arm.lengthPx);
  line(bar, point(arm, 0, middle), point(arm, back, middle), back > 0.5);
  const more = Math.min(arm.lengthPx - back, 26);
  line(beyond, point(arm, back, middle), point(arm, back + more, middle), Boolean(seen?.beyond_view) && more > 1);
  const ahead = Math.min(3 + (seen?.ahead_veh ?? 0) * 0.7, 12);
  line(crowd, point(arm, -1, middle), point(arm, -1 - ahead, middle), (seen?.ahead_veh ?? 0) > 0);
  setAttribute(bar, "class", back > 0.85 * arm.lengthPx && arm.linked ? "queue full" : "queue");
  const words = seen ? `${t("vehicles", { n: number(seen.queue_veh) })} · ${seen.beyond_view ? "≥" : ""}${number(seen.back_of_queue_m)} m` : "–";
  setText(label, words);
  setAttribute(label, "class", seen?.queue_veh ? "label" : "label none");
}

export function showLamp({ lamp, shape, letter, title, left, turn, name }, indication) {
  const kind = lampOf(indication);
  setAttribute(lamp, "class", `lamp ${kind} ${indication}`);
  setAttribute(lamp, "data-indication", indication);
  setAttribute(shape, "d", lampShape(kind === "off" ? "green" : kind, 6.2));
  setText(letter, kind === "off" ? (indication === "dark" ? "" : "?") : left ? turn : t(`letter_${kind}`));
  setText(title, `${named(name)}: ${t(indication)}`);
}

function line(node, [x1, y1], [x2, y2], shown) {
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) setAttribute(node, name, value.toFixed(1));
  setAttribute(node, "visibility", shown ? "visible" : "hidden");
}

function road(roads, marks, arm) {
  const far = arm.lengthPx + (arm.linked ? 0 : 10);
  const [a, b] = [point(arm, 0, 0), point(arm, far, 0)];
  roads.append(svg("line", { class: "asphalt", x1: a[0], y1: a[1], x2: b[0], y2: b[1], "stroke-width": 2 * arm.widthPx }));
  marks.append(svg("line", { class: "centreline", x1: a[0], y1: a[1], x2: b[0], y2: b[1] }));
  const [k, c] = [point(arm, 0, 1), point(arm, 0, arm.widthPx)];
  marks.append(svg("line", { class: "stopline", x1: k[0], y1: k[1], x2: c[0], y2: c[1] }));
  const [z, y] = [point(arm, -7, -arm.widthPx + 2), point(arm, -7, arm.widthPx - 2)];
  marks.append(svg("line", { class: "zebra", x1: z[0], y1: z[1], x2: y[0], y2: y[1] }));
}

/** One of the two directions of a link tells its length. */
const firstOfLink = (arm) => arm.linked && arm.lengthPx > 90 && (arm.d[0] > 0.7 || arm.d[1] > 0.7);

function distance(arm) {
  const [x, y] = point(arm, arm.lengthPx / 2, 0);
  return text([x, y + 4], `${Math.round(arm.approach.length_m)} m`, "distance", "middle");
}

function box(roads, marks, junction) {
  const upright = junction.approaches.some((arm) => arm.main && Math.abs(arm.d[1]) > 0.7);
  const [along, across] = [junction.alongPx, junction.acrossPx];
  const [w, h] = upright ? [across, along] : [along, across];
  const [rw, rh] = upright ? [junction.roadAcross, junction.roadAlong] : [junction.roadAlong, junction.roadAcross];
  const [x, y] = junction.at;
  roads.append(
    svg("rect", { class: "box", x: x - w, y: y - rh, width: 2 * w, height: 2 * rh }),
    svg("rect", { class: "box", x: x - rw, y: y - h, width: 2 * rw, height: 2 * h }),
  );
}

function text([x, y], words, style, anchor) {
  const node = svg("text", { x: x.toFixed(1), y: y.toFixed(1), class: style, "text-anchor": anchor });
  node.textContent = words;
  return node;
}

/** Each approach has a corner of its own: on the side of its kerb, behind its lamps. */
function labelAt(arm) {
  const lamps = arm.approach.left_signal_group ? 2 : 1;
  const behind = Math.abs(arm.d[0]) > 0.7 ? 26 + 19 * (lamps - 1) : 29 + 19 * (lamps - 1);
  const [x, y] = point(arm, behind, arm.widthPx + (Math.abs(arm.d[0]) > 0.7 ? 12 : 6));
  return [x, y + 4];
}

const anchorOf = (arm) => (Math.abs(arm.d[0]) > 0.7 ? (arm.d[0] > 0 ? "end" : "start") : arm.right[0] > 0 ? "start" : "end");

const leftTurn = ({ d }) => (d[0] > 0.7 ? "↑" : d[0] < -0.7 ? "↓" : d[1] > 0.7 ? "→" : "←");

function compass(width, upright) {
  const group = svg("g", { class: "compass", transform: `translate(${width - 22} 24) rotate(${upright ? 90 : 0})`, "aria-hidden": "true" });
  group.append(svg("path", { d: "M0 -13L5 5L0 1L-5 5Z" }));
  const letter = svg("text", { x: 0, y: 16, "text-anchor": "middle", transform: upright ? "rotate(-90 0 12)" : "" });
  letter.textContent = t("north");
  group.append(letter);
  return group;
}

/** What the colours and shapes mean. */
export function legend(host) {
  const sample = (kind) => {
    const lamp = svg("svg", { class: "sample lamp " + kind, viewBox: "-9 -9 18 18", width: 16, height: 16, "aria-hidden": "true" });
    lamp.append(svg("path", { d: lampShape(kind, 6.2) }));
    const letter = svg("text", { "text-anchor": "middle", dy: "3.6" });
    letter.textContent = t(`letter_${kind}`);
    lamp.append(letter);
    return lamp;
  };
  const bar = (style) => {
    const swatch = svg("svg", { class: "sample", width: 22, height: 10, viewBox: "0 0 22 10", "aria-hidden": "true" });
    swatch.append(svg("line", { class: style, x1: 0, y1: 5, x2: 22, y2: 5, "stroke-width": 9 }));
    return swatch;
  };
  const item = (picture, word) => {
    const li = document.createElement("li");
    li.append(picture, ` ${word}`);
    return li;
  };
  host.replaceChildren(
    ...["red", "amber", "green"].map((kind) => item(sample(kind), t(kind))),
    item(bar("queue"), t("queue")),
    item(bar("crowd"), t("ahead")),
    item(bar("beyond"), t("beyond_view")),
  );
}
