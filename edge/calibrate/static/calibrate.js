// The desk's page. The server computes; this draws, keeps the draft and its history, and asks again after each change.
import { choose, current, word } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const stage = byId("stage"), view = byId("view"), layers = byId("layers");
let state, draft, seen = { trouble: null }, tool = "pairs", chosen = null, asked = 0, timer = 0, savedText = "";
let box = { x: 0, y: 0, w: 1, h: 1 }, drag = null, cursor = null, corners = [];
const LAMP_PARTS = ["red", "amber", "green", "hundreds", "tens", "ones"];
let approach = "", group = "", colour = "red";
const past = [], future = [];

const text = () => JSON.stringify(draft);
const copy = (value) => JSON.parse(JSON.stringify(value));
const round1 = (value) => Math.round(value * 10) / 10;

function node(name, attributes, parent, content) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  parent.append(made);
  return made;
}
function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// --- talking to the server ---------------------------------------------------------------------------------------
async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body };
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Error(word("lost")); }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
function lookSoon() {
  clearTimeout(timer);
  timer = setTimeout(look, 80);
}
async function look() {
  const mine = ++asked;
  try {
    const told = await ask("/api/look", text());
    if (mine === asked) { seen = told; draw(); }
  } catch (error) { toast(error.message, true); }
}
async function save() {
  byId("save").disabled = true;
  try {
    const told = await ask("/api/save", text());
    draft = told.draft;
    savedText = text();
    toast(word("saved", { file: told.file, backup: told.backup ?? "–" }));
    look();
  } catch (error) { toast(error.message, true); }
  draw();
}
let toastTimer = 0;
function toast(words, bad = false) {
  const made = byId("toast");
  made.textContent = words;
  made.classList.toggle("bad", bad);
  made.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { made.hidden = true; }, bad ? 15000 : 8000);
}

// --- the draft and its history ------------------------------------------------------------------------------------
function change(act) {
  past.push(text());
  future.length = 0;
  act();
  draw();
  lookSoon();
}
function travel(from, to) {
  if (!from.length) return;
  to.push(text());
  draft = JSON.parse(from.pop());
  chosen = null;
  corners = [];
  draw();
  lookSoon();
}

// --- what a click does -------------------------------------------------------------------------------------------
function clickAt(u, v) {
  u = round1(Math.min(Math.max(u, 0), state.width));
  v = round1(Math.min(Math.max(v, 0), state.height));
  if (tool === "pairs") {
    change(() => { draft.pairs.push({ u, v, x: null, y: null }); chosen = draft.pairs.length - 1; });
    byId(`x${chosen}`)?.focus({ preventScroll: false });
  } else if (tool === "lines") {
    change(() => { (draft.lines[approach] ??= []).push([u, v]); });
  } else if (tool === "zones") {
    const first = corners[0];
    if (corners.length > 2 && Math.hypot(first[0] - u, first[1] - v) < 12 * unit()) closeZone();
    else { corners.push([u, v]); draw(); }
  }
}
function closeZone() {
  if (corners.length < 3) return;
  let k = draft.zones.length + 1;
  while (draft.zones.some((zone) => zone.id === `zone_${k}`)) k += 1;
  change(() => { draft.zones.push({ id: `zone_${k}`, what: "", kind: "other", px: corners }); chosen = draft.zones.length - 1; corners = []; });
}
function setLamp(from, to) {
  const edges = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
  const whole = edges.map((edge, k) => Math.min(Math.max(Math.round(edge), 0), k % 2 ? state.height : state.width));
  if (whole[2] - whole[0] < 2 || whole[3] - whole[1] < 2) return;
  change(() => {
    let lamp = draft.lamps.find((one) => one.signal_group === group);
    if (!lamp) draft.lamps.push((lamp = { signal_group: group }));
    lamp[`${colour}_px`] = whole;
  });
}
const isChosenPair = () => tool === "pairs" && chosen !== null && draft.pairs[chosen];
function remove(k) {
  change(() => { (tool === "pairs" ? draft.pairs : draft.zones).splice(k, 1); chosen = null; });
  stage.focus();
}

// --- the picture --------------------------------------------------------------------------------------------------
const unit = () => box.w / Math.max(1, Math.min(view.clientWidth, view.clientHeight * box.w / box.h));
function fit() { box = { x: 0, y: 0, w: state.width, h: state.height }; draw(); }
function zoom(factor, at) {
  const w = Math.min(state.width, Math.max(state.width / 40, box.w * factor)), h = w * state.height / state.width;
  const middle = at ?? [box.x + box.w / 2, box.y + box.h / 2];
  const x = middle[0] - (middle[0] - box.x) * w / box.w, y = middle[1] - (middle[1] - box.y) * h / box.h;
  box = { x: Math.min(Math.max(x, 0), state.width - w), y: Math.min(Math.max(y, 0), state.height - h), w, h };
  draw();
}
function pixel(event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(view.getScreenCTM().inverse());
  return [at.x, at.y];
}
const path = (points) => points.map((p, k) => `${k ? "L" : "M"}${p[0]} ${p[1]}`).join("");

function draw() {
  view.setAttribute("viewBox", `${box.x} ${box.y} ${box.w} ${box.h}`);
  const image = layers.querySelector("image") ?? node("image", { href: "/still.jpg", width: state.width, height: state.height }, layers);
  layers.replaceChildren(image);
  const k = unit();
  if (!seen.trouble && seen.grid) {
    if (byId("show-grid").checked) drawGrid(k);
    drawStreet();
    if (byId("show-trust").checked) drawTrust(k);
  }
  drawZones(k);
  drawLamps(k);
  for (const [name, points] of Object.entries(draft.lines)) {
    node("path", { class: "border", d: path(points) }, layers);
    points.forEach((p) => node("circle", { class: "border", cx: p[0], cy: p[1], r: (name === approach ? 5 : 3) * k }, layers));
  }
  if (tool === "pairs") drawPairs(k);
  if (cursor) {
    node("path", { class: "cursor", d: `M${cursor[0] - 14 * k} ${cursor[1]}h${28 * k}M${cursor[0]} ${cursor[1] - 14 * k}v${28 * k}` }, layers);
  }
  drawPanel();
  drawVerdict();
  byId("undo").disabled = !past.length;
  byId("redo").disabled = !future.length;
  byId("save").disabled = text() === savedText;
  document.title = `${text() === savedText ? "" : "● "}${state.camera} · nutgiao calibrate`;
}
function drawGrid(k) {
  for (const line of seen.grid) {
    node("path", { class: `gridline${line.at === 0 ? " axis" : ""}`, d: path(line.points) }, layers);
    const inside = line.points.filter((p) => p[0] > box.x && p[0] < box.x + box.w && p[1] > box.y && p[1] < box.y + box.h);
    if (inside.length) {
      const at = inside[line.axis === "x" ? 0 : inside.length - 1];
      const label = { class: "gridtext", x: Math.min(at[0] + 2 * k, box.x + box.w - 42 * k), y: Math.max(at[1] - 3 * k, box.y + 12 * k), "font-size": 11 * k, "stroke-width": 3 * k };
      node("text", label, layers, `${line.axis} ${line.at}`);
    }
  }
}
function drawStreet() {
  for (const one of seen.approaches) {
    one.lanes.forEach((lane) => lane.borders.forEach((run) => node("path", { class: "lane", d: path(run) }, layers)));
    one.line.forEach((run) => node("path", { class: "stopline", d: path(run) }, layers));
  }
}
function drawTrust(k) {
  const thin = view.clientWidth < 600;
  for (const [i, one] of seen.trust.entries()) {
    if (thin && i % 2) continue;
    const level = one.sd_m < 0.25 ? "good" : one.sd_m < 0.7 ? "fair" : "bad";
    const label = { class: `trust ${level}`, x: one.u, y: one.v, "font-size": 11.5 * k, "stroke-width": 3 * k, "text-anchor": "middle" };
    node("text", label, layers, `±${one.sd_m.toFixed(2)}`);
  }
}
function drawZones(k) {
  draft.zones.forEach((zone, i) => {
    if (!zone.px) return;
    node("path", { class: `zone${tool === "zones" && i === chosen ? " chosen" : ""}`, d: `${path(zone.px)}Z` }, layers);
    node("text", { class: "tag", x: zone.px[0][0], y: zone.px[0][1], "font-size": 13 * k, "stroke-width": 3 * k }, layers, zone.id);
  });
  if (tool === "zones" && corners.length) {
    node("path", { class: "zone", d: path(corners) }, layers);
    corners.forEach((p) => node("circle", { class: "zone", cx: p[0], cy: p[1], r: 5 * k }, layers));
  }
}
function drawLamps(k) {
  const frame = (edges, name) => node("rect", { class: `lamp ${name}`, x: edges[0], y: edges[1], width: edges[2] - edges[0], height: edges[3] - edges[1] }, layers);
  for (const lamp of draft.lamps) {
    for (const name of LAMP_PARTS) {
      const edges = lamp[`${name}_px`];
      if (edges) frame(edges, name);
    }
    const top = lamp.red_px ?? lamp.green_px ?? lamp.amber_px;
    if (top) node("text", { class: "tag", x: top[0], y: top[1] - 3 * k, "font-size": 12 * k, "stroke-width": 3 * k }, layers, lamp.signal_group);
  }
  if (drag?.lamp) frame([Math.min(drag.lamp[0], drag.to[0]), Math.min(drag.lamp[1], drag.to[1]), Math.max(drag.lamp[0], drag.to[0]), Math.max(drag.lamp[1], drag.to[1])], colour);
}
function drawPairs(k) {
  draft.pairs.forEach((pair, i) => {
    const kind = ["pair", pair.x === null || pair.y === null ? "open" : "", !seen.trouble && seen.wrong && seen.worst === i ? "wrong" : "", i === chosen ? "chosen" : ""].join(" ");
    node("path", { class: kind, d: `M${pair.u - 9 * k} ${pair.v}h${6 * k}m${6 * k} 0h${6 * k}M${pair.u} ${pair.v - 9 * k}v${6 * k}m0 ${6 * k}v${6 * k}` }, layers);
    node("circle", { class: kind, cx: pair.u, cy: pair.v, r: 7 * k }, layers);
    node("text", { class: "tag", x: pair.u + 9 * k, y: pair.v - 7 * k, "font-size": 13 * k, "stroke-width": 3 * k }, layers, i + 1);
    node("circle", { class: "grip", cx: pair.u, cy: pair.v, r: 11 * k, "data-pair": i }, layers);
  });
}

// --- the panel ----------------------------------------------------------------------------------------------------
function drawVerdict() {
  const made = byId("verdict"), lines = [];
  const line = (words, kind = "") => lines.push(html("p", kind ? { class: kind } : {}, words));
  made.dataset.level = "";
  if (seen.trouble) {
    made.dataset.level = "bad";
    line(word(seen.trouble.code, seen.trouble), "warn");
  } else if (seen.grid) {
    const cross = seen.cross_m;
    if (cross === null) line(word("error_unknown", { need: seen.checkable }));
    else {
      made.dataset.level = seen.wrong ? "bad" : cross < 0.3 ? "good" : cross < 0.8 ? "fair" : "bad";
      line(word("error"));
      lines.push(html("div", { class: "big", id: "error" }, `± ${cross.toFixed(2)} m`));
    }
    line(word("rms", { rms: seen.rms_m.toFixed(2) }));
    if (seen.worst !== null) {
      const worst = seen.pairs[seen.worst];
      const values = { k: seen.worst + 1, px: worst?.out_px?.toFixed(0), m: worst?.out_m?.toFixed(2) };
      line(word(seen.wrong ? "wrong" : "worst", values), seen.wrong ? "warn" : "");
    }
    if (seen.bend_px) line(word("bent", { px: Math.abs(seen.bend_px).toFixed(0) }), "warn");
  }
  made.replaceChildren(...lines);
}
let panelShows = "";
function drawPanel() {
  // A verdict must not shut a list that somebody has just opened: only what the panel shows makes it anew.
  const shows = JSON.stringify([tool, draft, state.approaches, state.groups, approach, group, colour, corners.length, current()]);
  if (shows === panelShows) return updateOff();
  const held = document.activeElement?.id, from = document.activeElement?.selectionStart;
  if (byId("panel").contains(document.activeElement) && document.activeElement.dataset.typing) return updateOff();
  panelShows = shows;
  byId("panel").replaceChildren(...{ pairs: pairsPanel, lines: linesPanel, zones: zonesPanel, lamps: lampsPanel }[tool]());
  const again = held && byId(held);
  if (again && byId("panel").contains(again)) { again.focus(); if (from !== null && from !== undefined) again.setSelectionRange?.(from, from); }
  updateOff();
}
function updateOff() {
  draft.pairs.forEach((pair, i) => {
    const cell = byId(`off${i}`), told = seen.trouble ? null : seen.pairs?.[i];
    if (!cell) return;
    cell.textContent = told ? `${(told.out_m ?? 0).toFixed(2)} m` : "";
    if (told && told.out_m === null) cell.textContent = `${told.px.toFixed(1)} px`;
    cell.parentElement.classList.toggle("wrong", Boolean(!seen.trouble && seen.wrong && seen.worst === i));
    cell.parentElement.setAttribute("aria-selected", String(i === chosen));
  });
}
function pairsPanel() {
  if (!draft.pairs.length) return [html("p", { class: "note" }, word("no_points"))];
  const body = draft.pairs.map((pair, i) => {
    const field = (axis) => html("input", {
      id: `${axis}${i}`, type: "text", inputmode: "decimal", value: pair[axis] ?? "", "data-typing": "1", "aria-label": `${i + 1} ${axis} (m)`,
      onfocus: () => { chosen = i; draw(); },
      oninput: (event) => typed(i, axis, event.target),
      onkeydown: (event) => { if (event.key === "Enter") { if (axis === "x") byId(`y${i}`).focus(); else stage.focus(); draw(); } },
    });
    const gone = html("button", { "aria-label": `${word("remove")} ${i + 1}`, onclick: () => remove(i) }, "×");
    return html("tr", {}, html("td", {}, String(i + 1)), html("td", {}, field("x")), html("td", {}, field("y")), html("td", { id: `off${i}` }), html("td", {}, gone));
  });
  const head = ["number", "x", "y", "off", ""].map((key) => html("th", {}, key && word(key)));
  return [html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body))];
}
function typed(i, axis, field) {
  const words = field.value.trim().replace(",", "."), value = words === "" || !Number.isFinite(Number(words)) ? null : Number(words);
  field.setAttribute("aria-invalid", String(value === null && words !== "" && words !== "-"));
  if (draft.pairs[i][axis] !== value) change(() => { draft.pairs[i][axis] = value; });
}
function picker(id, values, value, act, label) {
  const made = html("select", { id, onchange: (event) => { act(event.target.value); draw(); } });
  values.forEach(([name, shown]) => { const one = html("option", { value: name }, shown); one.selected = name === value; made.append(one); });
  return html("label", { class: "row" }, `${label} `, made);
}
function linesPanel() {
  const points = draft.lines[approach] ?? [], lanes = state.approaches.find((one) => one.id === approach)?.lanes ?? [];
  return [
    picker("approach", state.approaches.map((one) => [one.id, one.id]), approach, (name) => { approach = name; }, word("approach")),
    html("p", { class: "note" }, word("borders", { have: points.length, need: lanes.length + 1 })),
    html("button", { onclick: () => change(() => { delete draft.lines[approach]; }) }, word("again")),
  ];
}
function zonesPanel() {
  const rows = draft.zones.map((zone, i) => {
    const field = (key, label) => html("input", {
      id: `${key}${i}`, value: zone[key], "aria-label": word(label), placeholder: word(label), "data-typing": "1",
      onfocus: () => { chosen = i; }, onchange: (event) => change(() => { zone[key] = event.target.value.trim(); }),
    });
    const kind = picker(
      `kind${i}`, state.kinds.map((name) => [name, word(`kind_${name}`)]), zone.kind,
      (name) => change(() => { zone.kind = name; }), word("kind"),
    );
    const gone = html("button", { "aria-label": `${word("remove")} ${zone.id}`, onclick: () => remove(i) }, "×");
    return html("div", { class: "row" }, field("id", "name"), field("what", "what"), kind, gone, zone.px ? "" : html("span", { class: "note" }, word("unseen")));
  });
  const close = html("button", { id: "close", onclick: closeZone }, word("close"));
  close.disabled = corners.length < 3;
  return [close, ...rows];
}
function lampsPanel() {
  const rows = draft.lamps.map((lamp, i) => {
    const there = LAMP_PARTS.filter((name) => lamp[`${name}_px`]).map((name) => word(name)).join(", ");
    const gone = html("button", { "aria-label": `${word("remove")} ${lamp.signal_group}`, onclick: () => change(() => { draft.lamps.splice(i, 1); }) }, "×");
    return html("div", { class: "row" }, html("b", {}, lamp.signal_group), there, gone);
  });
  return [
    picker("group", state.groups.map((name) => [name, name]), group, (name) => { group = name; }, word("group")),
    picker("colour", LAMP_PARTS.map((name) => [name, word(name)]), colour, (name) => { colour = name; }, word("colour")),
    ...rows,
  ];
}

// --- mouse, finger, keyboard --------------------------------------------------------------------------------------
view.addEventListener("pointerdown", (event) => {
  stage.focus({ preventScroll: true });
  cursor = null;
  const at = pixel(event), grip = event.target.dataset?.pair;
  if (event.button === 1 || event.button === 2 || event.altKey) drag = { pan: [event.clientX, event.clientY], from: { ...box } };
  else if (tool === "pairs" && grip !== undefined) {
    chosen = Number(grip);
    const pair = draft.pairs[chosen];
    drag = { pair: chosen, before: text(), off: [pair.u - at[0], pair.v - at[1]], moved: false };
  } else if (tool === "lamps") drag = { lamp: at, to: at };
  else drag = { click: at };
  view.setPointerCapture(event.pointerId);
  event.preventDefault();
  draw();
});
view.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const at = pixel(event);
  if (drag.pan) {
    const k = unit();
    box.x = drag.from.x - (event.clientX - drag.pan[0]) * k;
    box.y = drag.from.y - (event.clientY - drag.pan[1]) * k;
  } else if (drag.lamp) drag.to = at;
  else if (drag.pair !== undefined) {
    drag.moved = true;
    Object.assign(draft.pairs[drag.pair], { u: round1(Math.min(Math.max(at[0] + drag.off[0], 0), state.width)), v: round1(Math.min(Math.max(at[1] + drag.off[1], 0), state.height)) });
    lookSoon();
  }
  draw();
});
view.addEventListener("pointerup", (event) => {
  const was = drag;
  drag = null;
  if (was?.click) clickAt(...was.click);
  else if (was?.lamp) setLamp(was.lamp, pixel(event));
  else if (was?.moved) { past.push(was.before); future.length = 0; lookSoon(); }
  draw();
});
view.addEventListener("contextmenu", (event) => event.preventDefault());
view.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, pixel(event)); }, { passive: false });

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
stage.addEventListener("keydown", (event) => {
  const way = ARROWS[event.key], step = event.shiftKey ? 10 : 1;
  if (way) {
    event.preventDefault();
    if (isChosenPair() && !cursor) change(() => { const pair = draft.pairs[chosen]; pair.u = round1(pair.u + way[0] * step); pair.v = round1(pair.v + way[1] * step); });
    else { cursor ??= [box.x + box.w / 2, box.y + box.h / 2]; cursor = [cursor[0] + way[0] * step, cursor[1] + way[1] * step]; draw(); }
  } else if (event.key === "Enter" && cursor) {
    event.preventDefault();
    if (tool !== "lamps") clickAt(...cursor);
    else if (drag?.lamp) { const from = drag.lamp; drag = null; setLamp(from, cursor); }
    else { drag = { lamp: cursor, to: cursor }; }
  } else if (event.key === "Escape") { cursor = null; chosen = null; corners = []; drag = null; draw(); }
  else if ((event.key === "Delete" || event.key === "Backspace") && chosen !== null) { event.preventDefault(); remove(chosen); }
});
document.addEventListener("keydown", (event) => {
  const inField = event.target.tagName === "INPUT" || event.target.tagName === "SELECT", key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "s") { event.preventDefault(); if (!byId("save").disabled) save(); }
    else if (!inField && key === "z") { event.preventDefault(); event.shiftKey ? travel(future, past) : travel(past, future); }
    else if (!inField && key === "y") { event.preventDefault(); travel(future, past); }
  } else if (!inField) {
    if (key === "+" || key === "=") zoom(1 / 1.25, cursor);
    else if (key === "-") zoom(1.25, cursor);
    else if (key === "0") fit();
    else if ("1234".includes(key)) take(["pairs", "lines", "zones", "lamps"][Number(key) - 1]);
  }
});
window.addEventListener("beforeunload", (event) => { if (text() !== savedText) event.preventDefault(); });
window.addEventListener("resize", () => draw());

function take(name) {
  tool = name;
  chosen = null;
  corners = [];
  document.querySelectorAll("[data-tool]").forEach((one) => one.setAttribute("aria-checked", String(one.dataset.tool === name)));
  byId("help").textContent = word(`help_${name}`) + word("keys");
  draw();
}
function speak() {
  document.documentElement.lang = current();
  document.querySelectorAll("[data-word]").forEach((one) => { one.textContent = word(one.dataset.word); });
  document.querySelectorAll("[data-label]").forEach((one) => one.setAttribute("aria-label", word(one.dataset.label)));
  byId("language").textContent = current() === "vi" ? "English" : "Tiếng Việt";
  byId("language").lang = current() === "vi" ? "en" : "vi";
  byId("title").textContent = `${state.name[current()]} · ${state.camera}`;
  take(tool);
}
byId("undo").onclick = () => travel(past, future);
byId("redo").onclick = () => travel(future, past);
byId("in").onclick = () => zoom(1 / 1.4);
byId("out").onclick = () => zoom(1.4);
byId("fit").onclick = fit;
byId("save").onclick = save;
byId("show-grid").onchange = byId("show-trust").onchange = () => draw();
byId("language").onclick = () => { choose(current() === "vi" ? "en" : "vi"); speak(); };
byId("tools").addEventListener("click", (event) => { if (event.target.dataset.tool) take(event.target.dataset.tool); });

state = await ask("/api/state");
draft = copy(state.draft);
savedText = text();
approach = state.approaches[0]?.id ?? "";
group = state.groups[0] ?? "";
byId("edge").setAttribute("width", state.width);
byId("edge").setAttribute("height", state.height);
fit();
speak();
await look();
document.body.dataset.ready = "1";
