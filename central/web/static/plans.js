/** The table of plans: what was sent, what became of it, and why a node refused. */

import { el } from "./dom.js";
import { clock, number, t } from "./words.js";

export function showPlans(host, plans) {
  if (!plans.length) {
    host.replaceChildren(el("p", { class: "empty" }, t("no_plans")));
    return;
  }
  host.replaceChildren(el("ul", { class: "rows" }, plans.map(row)));
}

function row(plan) {
  const greens = plan.green_s.join(" · ");
  return el("li", {},
    el("div", { class: "head" },
      el("b", {}, plan.node.toUpperCase()),
      el("span", { class: `chip ${plan.state}` }, t(`plan_${plan.state}`)),
      el("time", { class: "muted right" }, clock(plan.sent_s))),
    el("p", { class: "facts" },
      el("span", {}, `${t("cycle")} `, el("b", {}, `${plan.cycle_s} s`)),
      el("span", {}, `${t("offset")} `, el("b", {}, `${plan.offset_s} s`)),
      el("span", {}, `${t("green")} `, el("b", {}, greens))),
    el("p", { class: "muted small" }, el("code", {}, plan.id), ` · ${span(plan)}`),
    plan.refusals.map((refusal) => el("p", { class: "refusal" },
      el("b", {}, refusal.rule), `: ${refusal.reason}`,
      refusal.second === null ? "" : ` (${t("at_second", { s: number(refusal.second) })})`,
      el("br"), `${t("cure")}: ${refusal.cure}`)));
}

function span(plan) {
  const from = plan.running_since_s ?? plan.starts_s ?? plan.valid_from_s;
  return `${t("from")} ${clock(from)} ${t("until")} ${clock(plan.ended_s ?? plan.expires_s)}`;
}
