/** The list of violations with its filters; a case opens in a dialog. */

import { getJson } from "./api.js";
import { el, setText } from "./dom.js";
import { clock, named, number, t } from "./words.js";

const PAGE = 50;
const KINDS = ["red_light", "stop_line", "wrong_way", "speed"];
const STATES = ["pending", "in_review", "confirmed", "rejected"];

export class Violations {
  constructor(open) {
    this.open = open;
    this.host = document.getElementById("violations");
    this.more = document.getElementById("more");
    this.filters = { kind: document.getElementById("filter-kind"), state: document.getElementById("filter-state") };
    this.shown = PAGE;
    this.rows = null;
    for (const select of Object.values(this.filters)) select.addEventListener("change", () => { this.shown = PAGE; this.load(); });
    this.more.addEventListener("click", () => { this.shown = Math.min(200, this.shown + PAGE); this.load(); });
  }

  translate() {
    options(this.filters.kind, "all_kinds", KINDS);
    options(this.filters.state, "all_states", STATES);
    this.draw();
  }

  /** Loads again when the counts have changed. */
  update(counts) {
    const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
    setText(document.getElementById("violations-count"), total ? `${number(counts.pending ?? 0)} / ${number(total)}` : "");
    const key = JSON.stringify(counts);
    if (key !== this.key) { this.key = key; this.load(); }
  }

  async load() {
    const query = new URLSearchParams({ limit: this.shown });
    for (const [name, select] of Object.entries(this.filters)) if (select.value) query.set(name, select.value);
    try {
      const answer = await getJson(`/api/violations?${query}`);
      this.rows = answer.violations;
      this.more.hidden = answer.count <= this.rows.length || this.shown >= 200;
      this.draw();
    } catch { this.key = undefined; /* the next state tries again */ }
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
        el("time", { class: "muted right" }, clock(row.occurred_s))),
      el("span", { class: "small muted" }, `${row.node.toUpperCase()} · ${named(row.approach)} · ${t(row.vehicle_class)} · ${number(100 * row.confidence)} %`)));
  }
}

function options(select, all, values) {
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, t(all)), ...values.map((value) => el("option", { value }, t(value))));
  select.value = chosen;
}
