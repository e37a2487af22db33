/** The list of violations with its filters; a case opens in a dialog. */

import { getJson } from "./api.js";
import { el, setText } from "./dom.js";
import { clock, named, number, t } from "./words.js";

const PAGE = 50;
const STATES = [
  "detected", "auto_checked", "in_review", "second_review", "approved", "rejected", "owner_identified", "notified", "appealed", "handled",
  "closed", "expired",
];
const WAITING = ["auto_checked", "in_review", "second_review"];

export class Violations {
  constructor(open) {
    this.open = open;
    this.host = document.getElementById("violations");
    this.more = document.getElementById("more");
    this.filters = { kind: document.getElementById("filter-kind"), state: document.getElementById("filter-state") };
    this.shown = PAGE;
    this.rows = null;
    this.kinds = {};
    this.counts = {};
    for (const select of Object.values(this.filters)) select.addEventListener("change", () => { this.shown = PAGE; this.load(); });
    this.more.addEventListener("click", () => { this.shown = Math.min(200, this.shown + PAGE); this.load(); });
  }

  translate() {
    options(this.filters.kind, "all_kinds", Object.keys(this.kinds).sort(), this.kinds);
    options(this.filters.state, "all_states", STATES, this.counts);
    this.draw();
  }

  /** Loads again when the counts have changed. */
  update(counts) {
    const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
    setText(document.getElementById("violations-count"), total ? `${number(WAITING.reduce((sum, state) => sum + (counts[state] ?? 0), 0))} / ${number(total)}` : "");
    const key = JSON.stringify(counts);
    if (key !== this.key) { this.key = key; this.counts = counts; this.load(); }
  }

  async load() {
    const query = new URLSearchParams({ limit: this.shown });
    for (const [name, select] of Object.entries(this.filters)) if (select.value) query.set(name, select.value);
    try {
      const answer = await getJson(`/api/violations?${query}`);
      this.rows = answer.violations;
      this.kinds = answer.kinds;
      this.more.hidden = answer.count <= this.rows.length || this.shown >= 200;
      this.translate();
    } catch { this.key = undefined; /* the next state tries again */ }
  }

  /** The case that stands so many rows below another one. */
  neighbour(id, step) {
    return this.rows?.[this.rows.findIndex((row) => row.id === id) + step]?.id;
  }

  draw() {
    if (!this.rows) return;
    const filtered = Object.values(this.filters).some((select) => select.value);
    if (!this.rows.length) {
      this.host.replaceChildren(el("p", { class: "empty" }, t(filtered ? "none_match" : "no_violations")));
      return;
    }
    const focused = document.activeElement?.dataset?.violation;
    this.host.replaceChildren(el("ul", { class: "rows" }, this.rows.map((row) => this.row(row))));
    if (focused) this.host.querySelector(`[data-violation="${CSS.escape(focused)}"]`)?.focus();
  }

  row(row) {
    return el("li", {}, el("button", { type: "button", class: "case", "data-violation": row.id, onclick: () => this.open(row.id) },
      el("span", { class: "head" },
        el("b", { class: `kind ${row.kind}` }, t(row.kind)),
        el("span", { class: `chip ${row.state}` }, t(row.state)),
        row.hold ? el("span", { class: "chip hold" }, t("legal_hold")) : "",
        el("time", { class: "muted right" }, clock(row.occurred_s))),
      el("bdi", { class: "small muted" }, this.told(row))));
  }

  told(row) {
    const place = [row.approach, row.zone].filter(Boolean).map(named).join(" · ");
    const who = row.reviewer && row.reviewer !== "centre" ? row.reviewer : "";
    return [row.node.toUpperCase(), place, t(row.vehicle_class), `${number(100 * row.confidence)} %`, who].filter(Boolean).join(" · ");
  }
}

/** Only what there is, with its number, and what was chosen before. */
function options(select, all, values, counts) {
  const chosen = select.value, shown = values.filter((value) => counts[value] || value === chosen);
  const told = (value) => `${t(value)} (${number(counts[value] ?? 0)})`;
  select.replaceChildren(el("option", { value: "" }, t(all)), ...shown.map((value) => el("option", { value }, told(value))));
  select.value = chosen;
}
