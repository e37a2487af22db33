/** The demo's comparison: each measure under the shipped plan and under nutgiao, with intervals, and violations against the truth. */

import { el } from "./dom.js";
import { currentLanguage, inLanguage, number, t } from "./words.js";

export function showResult(host, result) {
  const measures = result.measures ?? [], violations = result.violations ?? [];
  if (!measures.length && !violations.length) {
    host.replaceChildren(el("p", { class: "empty" }, t("no_result")));
    return;
  }
  host.replaceChildren(...[
    measures.length && table([t("measure"), t("shipped"), t("nutgiao"), t("difference")], measures.map(measureRow)),
    measures.length && el("p", { class: "muted small" }, t("interval_note")),
    violations.length && el("h3", {}, t("against_truth")),
    violations.length && table([t("kind"), t("truth"), t("reported"), t("matched"), t("precision"), t("recall")], violations.map((row) => el("tr", {},
      el("th", { scope: "row" }, t(row.kind)), ...[row.truth, row.reported, row.matched].map((n) => el("td", {}, number(n))), ...[row.precision, row.recall].map((share) => el("td", {}, percent(share)))))),
  ].filter(Boolean));
}

export function showProgress(host, progress) {
  const done = progress?.done ?? 1;
  host.hidden = !progress || done >= 1;
  host.querySelector("progress").value = done;
  host.querySelector("span").textContent = `${Math.round(done * 100)} % · ${inLanguage(progress?.text)}`;
}

const table = (heads, rows) => el("table", { class: "result" },
  el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i ? "" : "first" }, head)))), el("tbody", {}, rows));

function measureRow(row) {
  const digits = digitsFor(row.shipped?.mean);
  const name = row[`label_${currentLanguage()}`] ?? row.label_en ?? row.key;
  const difference = row.difference;
  return el("tr", {},
    el("th", { scope: "row" }, name, row.unit ? el("span", { class: "muted" }, ` ${row.unit}`) : ""),
    el("td", {}, interval(row.shipped, digits)),
    el("td", {}, interval(row.nutgiao, digits)),
    el("td", { class: verdict(row), title: t(difference?.significant ? "significant" : "not_significant") },
      interval(difference, digits, true), typeof difference?.percent === "number" ? el("span", { class: "interval" }, `${number(difference.percent, 1)} %`) : "", difference?.significant ? el("span", { class: "sr" }, t("significant")) : ""));
}

/** Colour only where the summary says which way is better. */
function verdict({ difference }) {
  if (!difference?.significant) return "muted";
  if (difference.better === undefined) return "significant";
  return difference.better ? "significant better" : "significant worse";
}

const digitsFor = (mean) => (Math.abs(mean ?? 0) >= 100 ? 0 : Math.abs(mean ?? 0) >= 10 ? 1 : 2);

function interval(value, digits, signed = false) {
  if (!value || value.mean === null || value.mean === undefined) return "–";
  const sign = signed && value.mean > 0 ? "+" : "";
  return [el("b", {}, `${sign}${number(value.mean, digits)}`), value.low === undefined || value.low === null ? "" : el("span", { class: "interval" }, `${number(value.low, digits)} … ${number(value.high, digits)}`)];
}

const percent = (share) => (share === null || share === undefined ? "–" : `${number(100 * share)} %`);
