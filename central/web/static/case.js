/** One case: stills, figures, the lamp and the vehicle's way around the act, the trail, and a person's decision. */

import { getBlob, getJson, postJson, setToken } from "./api.js";
import { el } from "./dom.js";
import { traceChart } from "./trace.js";
import { clock, knows, named, number, t } from "./words.js";

const remembered = () => { try { return localStorage.getItem("nutgiao.reviewer") ?? ""; } catch { return ""; } };

export class Case {
  constructor(dialog, changed) {
    this.dialog = dialog;
    this.changed = changed;
    this.urls = [];
    dialog.addEventListener("close", () => this.forget());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) this.turn(step);
    });
  }

  async open(id) {
    this.forget();
    try { this.case = await getJson(`/api/violations/${encodeURIComponent(id)}`); } catch (error) { this.message = error.message; return; }
    this.message = "";
    this.still = 0;
    this.evidence = null;
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    if (remembered()) await this.look();
  }

  forget() {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
  }

  /** Fetches the evidence under the reviewer's name: each file leaves a row in the audit. */
  async look() {
    const id = this.case.id, base = `/api/violations/${encodeURIComponent(id)}/evidence/`;
    const reviewer = `?reviewer=${encodeURIComponent(this.reviewer())}`;
    if (!this.reviewer()) { this.say(t("name_needed")); return; }
    try { localStorage.setItem("nutgiao.reviewer", this.reviewer()); } catch { /* typed again next time */ }
    const fetchFile = async (file) => getBlob(base + file.name.split("/").map(encodeURIComponent).join("/") + reviewer);
    try {
      const stills = [], texts = {};
      for (const file of this.case.files) {
        if (file.media_type?.startsWith("image/")) {
          const url = URL.createObjectURL(await fetchFile(file));
          this.urls.push(url);
          stills.push({ name: file.name, url });
        } else if (file.media_type === "text/csv" || file.name === "manifest.json") texts[file.name] = await (await fetchFile(file)).text();
      }
      if (this.case.id !== id) return;
      this.evidence = { stills, trace: Object.entries(texts).find(([name]) => name.endsWith(".csv"))?.[1], manifest: parsed(texts["manifest.json"]) };
      this.message = "";
    } catch (error) { this.fail(error); }
    this.case = await getJson(`/api/violations/${encodeURIComponent(id)}`);
    this.draw();
  }

  reviewer() { return (this.dialog.querySelector("#reviewer")?.value ?? remembered()).trim(); }

  fail(error) {
    this.needsToken = error.status === 401;
    this.message = this.needsToken ? t("token_hint") : error.message;
  }

  say(words) {
    const place = this.dialog.querySelector(".message");
    this.message = place.textContent = words;
    place.className = "message";
  }

  async decide(state) {
    const reason = this.dialog.querySelector("#reason").value.trim();
    if (!this.reviewer()) { this.say(t("name_needed")); this.dialog.querySelector("#reviewer").focus(); return; }
    const reopened = ["confirmed", "rejected"].includes(this.case.state);
    if (!reason && (state === "rejected" || reopened)) { this.say(t("reason_needed")); this.dialog.querySelector("#reason").focus(); return; }
    try { localStorage.setItem("nutgiao.reviewer", this.reviewer()); } catch { /* typed again next time */ }
    const path = `/api/violations/${encodeURIComponent(this.case.id)}`;
    try {
      await postJson(`${path}/decision`, { state, reviewer: this.reviewer(), reason });
      this.message = "";
      this.changed();
      this.case = await getJson(path);
    } catch (error) { this.fail(error); }
    this.draw();
    if (!this.evidence && this.case.files.length) await this.look();
  }

  turn(step) {
    const count = this.evidence?.stills.length ?? 0;
    if (!count) return;
    this.still = (this.still + step + count) % count;
    this.draw();
  }

  draw() {
    const { case: c } = this, name = this.reviewer(), reason = this.dialog.querySelector("#reason")?.value ?? "";
    const focus = document.activeElement?.id;
    this.dialog.replaceChildren(
      el("div", { class: "head" },
        el("h2", { id: "case-title" }, `${t(c.kind)} · ${c.node.toUpperCase()} · ${named(c.approach)}`),
        el("span", { class: `chip ${c.state}` }, t(c.state)),
        el("button", { type: "button", class: "quiet right", id: "close", onclick: () => this.dialog.close(), "aria-label": t("close") }, "✕")),
      el("div", { class: "columns" }, el("div", { class: "pictures" }, this.pictures()), el("div", { class: "figures" }, this.figures())),
      this.decision(name, reason));
    if (focus) this.dialog.querySelector(`#${CSS.escape(focus)}`)?.focus();
  }

  pictures() {
    const { case: c, evidence } = this;
    if (!c.bundle) return el("p", { class: "empty" }, t("no_bundle"));
    if (!c.files.length) return el("p", { class: "empty" }, t("bundle_on_its_way"));
    if (!evidence) return el("div", { class: "empty" }, el("p", {}, t("who_looks")), el("button", { type: "button", id: "look", onclick: () => this.look() }, t("show_evidence")));
    const { stills, manifest, trace } = evidence, current = stills[this.still];
    const info = manifest?.stills?.find((each) => each.file === current?.name);
    return [
      current && el("figure", {},
        el("img", { src: current.url, alt: t("still", { n: this.still + 1, all: stills.length }) }),
        el("div", { class: "thumbs" }, stills.map((each, i) => el("button", {
          type: "button", id: `thumb-${i}`, "aria-pressed": String(i === this.still), "aria-label": t("still", { n: i + 1, all: stills.length }),
          onclick: () => { this.still = i; this.draw(); },
        }, el("img", { src: each.url, alt: "" })))),
        el("figcaption", {}, `${t("still", { n: this.still + 1, all: stills.length })}${info ? ` · ${clock(info.time_s)}${(info.time_s % 1).toFixed(2).slice(1)} · ${t(info.lamp)}` : ""}`)),
      trace && el("div", {}, el("h3", {}, t("lamp_trace")), traceChart(trace, c.occurred_s)),
    ];
  }

  figures() {
    const { case: c } = this;
    const rows = [
      [t("occurred"), clock(c.occurred_s)],
      [t("approach"), [named(c.approach), c.lane].filter(Boolean).join(" · ")],
      [t("track"), `${t(c.vehicle_class)} · ${c.track}`],
      [t("confidence"), `${number(100 * c.confidence, 1)} %`],
      ...Object.entries(c.numbers).map(([key, value]) => [figureName(key), figure(key, value)]),
    ];
    return [
      el("h3", {}, t("numbers")),
      el("table", { class: "numbers" }, el("tbody", {}, rows.map(([key, value]) => el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, value))))),
      el("h3", {}, t("trail")),
      el("ul", { class: "trail" }, grouped(c.trail).map((row) => el("li", {},
        el("time", {}, clock(row.time_s)), ` ${row.actor} `, el("b", {}, knows(`did_${row.action}`) ? t(`did_${row.action}`) : row.action),
        row.action === "reported" || !row.detail ? "" : ` · ${row.detail}`))),
    ];
  }

  decision(name, reason) {
    const { case: c } = this;
    const button = (state, word, style) => el("button", { type: "button", class: style, id: `to-${state}`, onclick: () => this.decide(state) }, t(word));
    const buttons = {
      pending: [button("in_review", "start_review", "main")],
      in_review: [button("confirmed", "confirm", "main"), button("rejected", "reject", "")],
      confirmed: [button("in_review", "reopen", "")],
      rejected: [button("in_review", "reopen", "")],
    }[c.state];
    const input = el("input", { id: "reviewer", autocomplete: "name", maxlength: 80, placeholder: t("reviewer_hint") });
    input.value = name;
    const why = el("input", { id: "reason", maxlength: 500 });
    why.value = reason;
    const token = this.needsToken && el("input", { id: "token", type: "password", autocomplete: "off", onchange: (event) => setToken(event.target.value) });
    return el("form", { class: "decision", onsubmit: (event) => event.preventDefault() },
      el("label", {}, t("reviewer"), input),
      el("label", { class: "grow" }, t("reason"), why),
      token ? el("label", {}, t("token"), token) : "",
      el("div", { class: "buttons" }, buttons),
      el("p", { class: this.message ? "message" : "message told", role: "alert" }, this.message || (c.reviewer ? t("decided_by", { state: t(c.state), name: c.reviewer }) + (c.reason ? `: ${c.reason}` : "") : "")));
  }
}

/** Looks of one person at one file after another are one line. */
function grouped(trail) {
  const lines = [];
  for (const row of trail) {
    const last = lines.at(-1);
    if (last && row.action === "looked" && last.action === "looked" && last.actor === row.actor) {
      if (!last.detail.split(", ").includes(row.detail)) last.detail = `${row.detail}, ${last.detail}`;
    } else lines.push({ ...row });
  }
  return lines;
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

const UNITS = [["_mps", "m/s", 2], ["_m", "m", 2], ["_s", "s", 2], ["_deg", "°", 1], ["_px", "px", 0]];
const unitOf = (key) => UNITS.find(([suffix]) => key.endsWith(suffix));

function figureName(key) {
  const unit = unitOf(key), stem = unit ? key.slice(0, -unit[0].length) : key;
  return knows(`n_${stem}`) ? t(`n_${stem}`) : stem.replaceAll("_", " ");
}

function figure(key, value) {
  const unit = unitOf(key);
  if (!unit) return number(value, Number.isInteger(value) ? 0 : 2);
  if (unit[0] === "_mps") return `${number(value * 3.6, 0)} km/h`;
  return `${number(value, unit[2])} ${unit[1]}`;
}
