/** What can be done with a case next, why not more, and who had it last. */

import { el } from "./dom.js";
import { clock, date, t } from "./words.js";

const WAY = ["detected", "auto_checked", "in_review", "approved", "owner_identified", "notified", "handled", "closed"];
const ASIDE = { second_review: "in_review", rejected: "approved", appealed: "notified", expired: "handled" };

/** The way of a case from left to right; where it stands is marked, a side way stands in the place of the main one. */
export function flow(c) {
  const here = WAY.indexOf(ASIDE[c.state] ?? c.state);
  return el("ol", { class: "flow", "aria-label": t("state") }, WAY.map((state, i) => {
    const shown = i === here ? c.state : state;
    return el("li", { class: i === here ? `here ${c.state}` : i < here ? "done" : "", "aria-current": i === here ? "step" : null }, t(shown));
  }));
}

const TAKEN_UP = new Set(["approved", "rejected", "owner_identified", "notified", "appealed", "handled", "closed"]);
const MAIN = new Set(["in_review", "approved", "second_review", "owner_identified", "notified", "handled", "closed"]);

/** The form under a case: who, why, and a button for each step, with what is missing for it below. */
export function steps(view, who) {
  const { case: c, chosen } = view;
  const reasons = [...new Set(c.steps.flatMap((step) => step.reasons))];
  const why = el("select", { id: "reason", onchange: (event) => { chosen.reason = event.target.value; } },
    el("option", { value: "" }, t("reason_choose")), ...reasons.map((reason) => el("option", { value: reason }, t(`why_${reason}`))));
  why.value = chosen.reason ?? "";
  const words = el("input", { id: "words", maxlength: 500, oninput: (event) => { chosen.words = event.target.value; } });
  words.value = chosen.words ?? "";
  const reopen = (step) => step.state === "in_review" && TAKEN_UP.has(c.state);
  const button = (step, i) => el("button", {
    type: "button", id: `to-${step.state}`, class: i === 0 && MAIN.has(step.state) && !reopen(step) ? "main" : "", disabled: step.missing.length > 0,
    onclick: () => view.take(step),
  }, el("kbd", {}, String(i + 1)), " ", t(reopen(step) ? "do_reopen" : `do_${step.state}`));
  const missing = [...new Set(c.steps.flatMap((step) => step.missing))];
  const idle = c.steps.length ? "" : t(c.state === "detected" ? "waits_for_bundle" : "no_steps");
  const blocked = missing.length ? t("not_yet", { why: missing.map((need) => t(`need_${need}`)).join("; ") }) : idle;
  const last = c.reviewer ? t("had_last", { state: t(c.state), name: c.reviewer === "centre" ? t("centre") : c.reviewer, time: `${date(c.moved_s)} ${clock(c.moved_s)}` }) : "";
  return el("form", { class: "decision", onsubmit: (event) => event.preventDefault() },
    who,
    reasons.length ? el("label", {}, t("reason"), why) : "",
    el("label", { class: "grow" }, t("words"), words),
    el("div", { class: "buttons" }, c.steps.map(button)),
    el("button", { type: "button", class: "quiet", id: "hold", onclick: () => view.hold() }, t(c.hold ? "end_hold" : "put_hold")),
    blocked ? el("p", { class: "blocked" }, blocked) : "",
    el("p", { class: view.message ? "message" : "message told", role: "alert" }, view.message || el("bdi", {}, last)),
    el("p", { class: "keys" }, t("keys_hint")));
}
