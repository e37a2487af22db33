/** One case: stills, figures, checks, the lamp and the vehicle's way around the act, the trail, and what a person can do next. */

import { getBlob, getJson, postForFile, postJson, setToken } from "./api.js";
import { owner } from "./case-owner.js";
import { flow, steps } from "./case-steps.js";
import { el, plain } from "./dom.js";
import { traceChart } from "./trace.js";
import { UNITS, clock, date, knows, named, number, sentence, t } from "./words.js";

const remembered = () => { try { return localStorage.getItem("nutgiao.reviewer") ?? ""; } catch { return ""; } };
const TYPING = /^(INPUT|TEXTAREA|SELECT)$/;

export class Case {
  constructor(dialog, changed, neighbour) {
    this.dialog = dialog;
    this.changed = changed;
    this.neighbour = neighbour;
    this.urls = [];
    dialog.addEventListener("close", () => this.forget());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("keydown", (event) => this.key(event));
  }

  /** Arrows turn the stills, J and K go to the next case, a digit takes that step. */
  key(event) {
    if (TYPING.test(event.target.tagName) || event.ctrlKey || event.altKey || event.metaKey) return;
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key], go = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (turn) this.turn(turn);
    else if (go) { const next = this.neighbour(this.case.id, go); if (next) this.open(next); }
    else if (/^[1-9]$/.test(event.key)) this.dialog.querySelectorAll(".buttons button")[Number(event.key) - 1]?.click();
  }

  path() { return `/api/violations/${encodeURIComponent(this.id)}`; }

  async load() { return getJson(`${this.path()}?person=${encodeURIComponent(this.person())}`); }

  async open(id) {
    this.forget();
    Object.assign(this, { id, case: null, evidence: null, message: "", still: 0, chosen: {}, personal: null });
    try {
      this.case = await this.load();
      this.needsToken = false;
    } catch (error) { this.fail(error); }
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    if (this.case && this.person()) await this.look();
  }

  forget() {
    const urls = this.urls.splice(0);
    setTimeout(() => urls.forEach((url) => URL.revokeObjectURL(url)), 5000); // pictures of the old case may still be loading
  }

  /** Fetches the evidence under the person's name: each file leaves a row in the audit. */
  async look() {
    const id = this.id;
    if (!this.named()) return;
    const person = `?person=${encodeURIComponent(this.person())}`;
    const fetchFile = async (file) => getBlob(`${this.path()}/evidence/${file.name.split("/").map(encodeURIComponent).join("/")}${person}`);
    const fetchUrl = async (file) => { const url = URL.createObjectURL(await fetchFile(file)); this.urls.push(url); return url; };
    try {
      const stills = [], texts = {};
      let clip = null;
      for (const file of this.case.files) {
        if (file.media_type?.startsWith("image/")) stills.push({ name: file.name, url: await fetchUrl(file) });
        else if (file.media_type?.startsWith("video/")) clip = { ...file, url: await fetchUrl(file) };
        else if (file.media_type === "text/csv" || file.name === "manifest.json") texts[file.name] = await (await fetchFile(file)).text();
      }
      if (this.id !== id) return;
      const manifest = parsed(texts["manifest.json"]), order = manifest?.stills?.map((each) => each.file) ?? [];
      const place = (each) => (order.includes(each.name) ? order.indexOf(each.name) : order.length);
      stills.sort((one, other) => place(one) - place(other));
      this.evidence = { stills, clip, manifest, trace: Object.entries(texts).find(([name]) => name.endsWith(".csv"))?.[1] };
      this.message = "";
      this.case = await this.load();
    } catch (error) { this.fail(error); }
    this.draw();
  }

  person() { return (this.dialog.querySelector("#person")?.value ?? remembered()).trim(); }

  /** Whether somebody has given a name; it is remembered, and asked for where it is missing. */
  named() {
    if (!this.person()) { this.say(t("name_needed")); this.dialog.querySelector("#person")?.focus(); return false; }
    try { localStorage.setItem("nutgiao.reviewer", this.person()); } catch { /* typed again next time */ }
    return true;
  }

  fail(error) {
    this.needsToken = error.status === 401;
    const missing = error.missing?.map((need) => t(`need_${need}`)).join("; ");
    this.message = this.needsToken ? t("token_hint") : missing || error.message;
  }

  say(words) {
    this.message = words;
    const place = this.dialog.querySelector(".message");
    if (place) { place.textContent = words; place.className = "message"; }
  }

  /** Sends what a person does with the case, and shows what became of it. */
  async send(what, body) {
    if (!this.named()) return false;
    let done = true;
    try {
      this.case = await postJson(`${this.path()}/${what}`, { ...body, person: this.person() });
      Object.assign(this, { message: "", chosen: {} });
      this.changed();
    } catch (error) {
      done = false;
      this.fail(error);
      this.case = await this.load().catch(() => this.case);
    }
    this.draw();
    return done;
  }

  async take(step) {
    const { reason = "", words = "" } = this.chosen;
    if (!this.named()) return;
    if (step.reasons.length && !step.reasons.includes(reason)) { this.say(t("reason_needed")); this.dialog.querySelector("#reason")?.focus(); return; }
    if (!words.trim() && (step.words || (step.reasons.length && reason === "other"))) { this.say(t("words_needed")); this.dialog.querySelector("#words")?.focus(); return; }
    const done = await this.send("step", { state: step.state, reason: step.reasons.length ? reason : "", words });
    if (done && !this.evidence && this.case.files.length) await this.look();
  }

  async hold() {
    const words = (this.chosen.words ?? "").trim();
    if (!words) { this.say(t("words_needed")); this.dialog.querySelector("#words")?.focus(); return; }
    await this.send("hold", { held: !this.case.hold, words });
  }

  async openOwner() {
    if (!this.named()) return;
    try { this.personal = await postJson(`${this.path()}/owner/open`, { person: this.person() }); this.case = await this.load(); } catch (error) { this.fail(error); }
    this.draw();
  }

  async export() {
    if (!this.named()) return;
    try {
      const { blob, name } = await postForFile(`${this.path()}/export`, { person: this.person() });
      const link = el("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      this.case = await this.load();
      this.message = "";
    } catch (error) { this.fail(error); }
    this.draw();
  }

  turn(step) {
    const count = this.evidence?.stills.length ?? 0;
    if (!count) return;
    this.still = (this.still + step + count) % count;
    this.draw();
  }

  draw() {
    const { case: c } = this, focus = document.activeElement?.id, at = this.dialog.scrollTop;
    const name = this.person();
    const close = el("button", { type: "button", class: "quiet", id: "close", onclick: () => this.dialog.close(), "aria-label": t("close") }, "✕");
    if (!c) {
      this.dialog.replaceChildren(el("div", { class: "head" }, el("h2", { id: "case-title" }, t("case")), el("span", { class: "right" }), close), this.nameAndToken(name));
      return;
    }
    const place = [c.approach, c.zone].filter(Boolean).map(named).join(" · ");
    this.dialog.replaceChildren(
      el("div", { class: "head" },
        el("h2", { id: "case-title", tabindex: -1, autofocus: true }, el("bdi", {}, [t(c.kind), c.node.toUpperCase(), place].filter(Boolean).join(" · "))),
        el("span", { class: `chip ${c.state}` }, t(c.state)),
        c.hold ? el("span", { class: "chip hold", title: c.hold_words }, t("legal_hold")) : "",
        el("button", { type: "button", class: "right", id: "export", onclick: () => this.export() }, t("export")), close),
      flow(c),
      el("div", { class: "columns" }, el("div", { class: "pictures" }, this.pictures()), el("div", { class: "figures" }, this.figures())),
      steps(this, this.nameAndToken(name)));
    if (focus) this.dialog.querySelector(`#${CSS.escape(focus)}`)?.focus();
    this.dialog.scrollTop = at;
  }

  nameAndToken(name) {
    const input = el("input", { id: "person", autocomplete: "name", maxlength: 80, placeholder: t("person_hint"), onchange: () => this.renamed() });
    input.value = name;
    const token = el("input", { id: "token", type: "password", autocomplete: "off", onchange: (event) => { setToken(event.target.value); this.open(this.id); } });
    return el("div", { class: "who" },
      el("label", {}, t("person"), input),
      this.needsToken ? el("label", {}, t("token"), token) : "",
      this.case ? "" : el("p", { class: "message", role: "alert" }, this.message));
  }

  /** Another person at the same screen: what may be done depends on who it is. */
  async renamed() {
    if (!this.case || !this.person()) return;
    try { this.case = await this.load(); this.message = ""; } catch (error) { this.fail(error); }
    this.draw();
  }

  pictures() {
    const { case: c, evidence } = this;
    if (!c.bundle) return el("p", { class: "empty" }, t("no_bundle"));
    if (!c.files.length) return el("p", { class: "empty" }, t("bundle_on_its_way"));
    if (!evidence) return el("div", { class: "empty" }, el("p", {}, t("who_looks")), el("button", { type: "button", id: "look", onclick: () => this.look() }, t("show_evidence")));
    const { stills, manifest, trace, clip } = evidence, current = stills[this.still];
    const info = manifest?.stills?.find((each) => each.file === current?.name);
    const film = document.createElement("video").canPlayType(clip?.media_type ?? "") ? el("video", { src: clip.url, controls: true, loop: true, muted: true }) : "";
    return [
      current && el("figure", {},
        el("img", { src: current.url, alt: t("still", { n: this.still + 1, all: stills.length }) }),
        el("div", { class: "thumbs" }, stills.map((each, i) => el("button", {
          type: "button", id: `thumb-${i}`, "aria-pressed": String(i === this.still), "aria-label": t("still", { n: i + 1, all: stills.length }),
          onclick: () => { this.still = i; this.draw(); },
        }, el("img", { src: each.url, alt: "" })))),
        el("figcaption", {}, `${t("still", { n: this.still + 1, all: stills.length })}${info ? ` · ${clock(info.time_s)}${(info.time_s % 1).toFixed(2).slice(1)} · ${t(info.lamp)}` : ""}`)),
      clip && el("div", { class: "clip" }, el("h3", {}, t("clip")), film || el("a", { href: clip.url, download: clip.name }, t("clip_download"))),
      trace && el("div", {}, el("h3", {}, t("lamp_trace")), traceChart(trace, c.occurred_s)),
    ];
  }

  figures() {
    const { case: c, evidence } = this, plate = evidence?.manifest?.plate, law = evidence?.manifest?.law;
    const rows = [
      [t("occurred"), `${date(c.occurred_s)} ${clock(c.occurred_s)}`],
      [t("place"), [c.approach && named(c.approach), c.lane, c.zone && named(c.zone)].filter(Boolean).join(" · ")],
      [t("track"), `${t(c.vehicle_class)} · ${c.track}`],
      evidence && [t("plate"), plate ? plain(plate.text ?? t("plate_unreadable", { why: sentence(plate.reason ?? "–") })) : t("plate_not_read")],
      evidence?.manifest?.troubles?.length && [t("troubles"), plain(sentence(evidence.manifest.troubles.join("; ")))],
      law && [t("law"), plain(`${law.law} ${law.article}`)],
      [t("confidence"), `${number(100 * c.confidence, 1)} %`],
      [t("deadline"), date(c.deadline_s)],
      ...Object.entries(c.numbers).map(([key, value]) => [figureName(key), figure(key, value)]),
    ].filter(Boolean);
    return [
      el("h3", {}, t("numbers")),
      el("table", { class: "numbers" }, el("tbody", {}, rows.map(([key, value]) => el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, el("bdi", {}, value)))))),
      c.checks.length ? [el("h3", {}, t("checks")), el("ul", { class: "checks" }, c.checks.map((check) => el("li", { class: check.result },
        el("b", {}, t(`check_${check.name}`)), ` ${t(check.result)} `, el("bdi", { class: "muted" }, sentence(check.detail)))))] : [],
      owner(this),
      el("h3", {}, t("trail")),
      el("ul", { class: "trail", tabindex: 0 }, grouped(c.trail).map((row) => el("li", {},
        el("time", {}, clock(row.time_s)), " ", el("bdi", {}, row.actor), " ", el("b", {}, knows(`did_${row.action}`) ? t(`did_${row.action}`) : row.action),
        row.action === "reported" || row.action === "auto_checked" || !row.detail ? "" : [" · ", el("bdi", {}, because(row.detail))]))),
    ].flat();
  }
}

/** A reason of the list is translated, words after it stay. */
function because(detail) {
  const [code, ...words] = detail.split(": ");
  return knows(`why_${code}`) ? [t(`why_${code}`), ...words].join(": ") : detail;
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

const unitOf = (key) => UNITS.find(([suffix]) => key.endsWith(suffix));

function figureName(key) {
  const unit = unitOf(key), stem = unit ? key.slice(0, -unit[0].length) : key;
  return knows(`n_${stem}`) ? t(`n_${stem}`) : stem.replaceAll("_", " ");
}

function figure(key, value) {
  const unit = unitOf(key);
  if (!unit) return number(value, Number.isInteger(value) ? 0 : 2);
  const [, symbol, factor, digits] = unit;
  return `${number(value * factor, digits)} ${symbol}`;
}
