/** One card a junction: which plan runs, how far its cycle is, on which rung of the ladder, and how the node is. */

import { el, lampOf, lampShape, setAttribute, setText, svg } from "./dom.js";
import { clock, named, notes, number, t } from "./words.js";

export class Cards {
  constructor(host) { this.host = host; this.cards = new Map(); }

  setSites(sites) {
    const order = [...sites].sort((a, b) => a.centre_m[0] - b.centre_m[0]);
    this.cards = new Map(order.map((site) => [site.id, new Card(site)]));
    this.host.replaceChildren(...[...this.cards.values()].map((card) => card.root));
  }

  update(state) {
    for (const node of state.nodes) this.cards.get(node.id)?.update(node);
  }

  retitle(language) { for (const card of this.cards.values()) card.retitle(language); }
}

class Card {
  constructor(site) {
    this.site = site;
    this.name = el("h2", { id: `card-${site.id}` });
    this.health = el("span", { class: "badge" });
    this.source = el("span", { class: "rung" });
    this.facts = el("p", { class: "facts" });
    this.bar = svg("svg", { class: "stages", height: 22, "aria-hidden": "true", preserveAspectRatio: "none" });
    this.countdown = el("p", { class: "countdown" });
    this.priority = el("p", { class: "facts priority" });
    this.lamps = el("ul", { class: "lamps" });
    this.root = el("article", { class: "panel card", "aria-labelledby": `card-${site.id}` },
      el("div", { class: "head" }, this.name, this.source, this.health), this.facts, this.bar, el("div", { class: "row" }, this.countdown, this.lamps), this.priority);
    this.groups = new Map(site.groups.map((group) => [group.id, this.lamp(group)]));
  }

  lamp(group) {
    const shape = svg("path", {}), word = el("span", { class: "sr" });
    const picture = svg("svg", { class: "lamp off", viewBox: "-9 -9 18 18", width: 14, height: 14, "aria-hidden": "true" }, shape);
    const label = el("span", {});
    const item = el("li", {}, picture, label, word);
    this.lamps.append(item);
    return { picture, shape, word, item, label };
  }

  retitle(language) { 
    setText(this.name, `${this.site.id.toUpperCase()} · ${this.site.name[language]}`);
    this.facts.dataset.words = "";
    for (const [name, lamp] of this.groups) setText(lamp.label, named(name));
  }

  update(node) {
    const { health, signal } = node;
    setAttribute(this.health, "class", `badge ${health.state}`);
    setText(this.health, t(health.state));
    this.health.title = [notes(health.note), health.software, t("cameras", { n: health.cameras.length }), ...troubles(health.cameras), t("spooled", { n: health.spooled }), health.lost ? t("lost_messages", { n: health.lost }) : "", t("missing", { n: node.counts.missing })].filter(Boolean).join(" · ");
    setAttribute(this.root, "class", `panel card ${health.state}`);
    for (const [name, lamp] of this.groups) this.showLamp(name, lamp, signal);
    this.showPriority(node.priority);
    if (!signal) {
      setText(this.source, "");
      this.facts.dataset.words = "";
      setText(this.facts, notes(health.note) || t("no_signal"));
      setText(this.countdown, "");
      this.bar.replaceChildren();
      return;
    }
    setText(this.source, t(signal.source));
    setAttribute(this.source, "class", `rung ${signal.source}`);
    setAttribute(this.source, "title", [notes(signal.reason), t("rung_changes", { n: signal.rung_changes })].filter(Boolean).join(" · "));
    const { timing } = signal;
    this.showFacts([
      [t("plan"), signal.plan],
      [t("cycle"), `${signal.cycle_s} s`],
      [t("offset"), timing && timing.offset_s !== null ? `${timing.offset_s} s` : "–"],
    ], notes(signal.reason, health.state === "online" ? "" : health.note, health.lost ? t("lost_messages", { n: health.lost }) : ""));
    this.showCycle(signal);
  }

  showFacts(pairs, why) {
    const words = pairs.map(([key, value]) => `${key} ${value}`).join("|") + why;
    if (this.facts.dataset.words === words) return;
    this.facts.dataset.words = words;
    this.facts.replaceChildren(...pairs.map(([key, value]) => el("span", {}, `${key} `, el("b", {}, value))), why ? el("span", { class: "warn" }, why) : "");
  }

  /** Requests for priority, each with its state; why one has ended, and how many messages were refused, is in the tooltip. */
  showPriority(told) {
    const words = (told?.requests ?? []).map(({ request, state }) => `${request}: ${t(`priority_${state}`)}`);
    setText(this.priority, words.length ? `${t("priority")} ${words.join(" · ")}` : "");
    const reasons = (told?.requests ?? []).filter(({ reason }) => reason).map(({ request, reason }) => `${request}: ${reason}`);
    this.priority.title = [...reasons, told?.refused ? t("priority_refused", { n: told.refused }) : ""].filter(Boolean).join(" · ");
  }

  showCycle({ timing, cycle_s, cycle_second_s, stage, in_transition, live, source }) {
    const bySight = source === "adaptive" || (timing && timing.mode !== "fixed");
    const known = timing && !in_transition && !bySight;
    const segments = known ? timing.starts_s.map((start, i) => [start, timing.green_s[i], this.site.stages[i]?.id ?? i + 1]) : [[0, cycle_s, ""]];
    const drawn = JSON.stringify([segments, cycle_s]);
    if (this.drawn !== drawn) {
      this.drawn = drawn;
      setAttribute(this.bar, "viewBox", `0 0 ${cycle_s} 22`);
      this.marker = svg("rect", { class: "marker", y: 0, width: Math.max(0.6, cycle_s / 160), height: 22 });
      this.bar.replaceChildren(
        svg("rect", { class: "interstage", x: 0, y: 4, width: cycle_s, height: 14 }),
        ...segments.map(([start, green], i) => svg("rect", { class: `green s${known ? i % 3 : "x"}`, x: start, y: 4, width: green, height: 14 })),
        this.marker);
    }
    setAttribute(this.marker, "x", cycle_second_s);
    const running = known ? segments.findIndex(([start, green]) => cycle_second_s >= start && cycle_second_s < start + green) : -1;
    let words = `${t("stage")} ${named(stage)} · ${cycle_second_s}/${cycle_s} s`;
    if (!live) words = t("stale_signal");
    else if (running >= 0) words = `${t("stage")} ${named(segments[running][2])} · ${t("left_s", { s: number(segments[running][0] + segments[running][1] - cycle_second_s) })}`;
    else if (known) {
      const next = Math.min(cycle_s, ...segments.map(([start]) => start).filter((start) => start > cycle_second_s));
      words = `${t("changing")} · ${t("left_s", { s: number(next - cycle_second_s) })}`;
    }
    const aside = bySight ? t("by_sight") : in_transition ? t("transition") : "";
    setText(this.countdown, aside && live ? `${words} · ${aside}` : words);
  }

  showLamp(name, { picture, shape, word, item }, signal) {
    const indication = signal?.live ? signal.groups[name] ?? "unknown" : "unknown";
    const kind = lampOf(indication);
    setAttribute(picture, "class", `lamp ${kind} ${indication}`);
    setAttribute(shape, "d", lampShape(kind === "off" ? "green" : kind, 6.2));
    setText(word, t(indication));
    item.title = `${named(name)}: ${t(indication)}`;
  }
}

/** What is wrong with the pictures of a node's cameras, and since when. */
const troubles = (cameras) => cameras.flatMap(({ camera, troubles }) => troubles.map(({ fault, since_s, moved_px }) =>
  t(fault === "moved" && moved_px === null ? "camera_elsewhere" : `camera_${fault}`, { camera, time: clock(since_s), px: moved_px === null ? "" : number(moved_px) })));
