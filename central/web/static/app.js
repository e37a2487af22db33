/** The operator's page: loads the layout, follows the stream, and keeps every part up to date. */

import { follow, getJson } from "./api.js";
import { Cards } from "./cards.js";
import { Case } from "./case.js";
import { Chart } from "./chart.js";
import { Corridor, legend } from "./corridor.js";
import { el, setText } from "./dom.js";
import { showPlans } from "./plans.js";
import { showProgress, showResult } from "./result.js";
import { Violations } from "./violations.js";
import { LANGUAGES, clock, currentLanguage, date, number, setLanguage, setZone, t, translatePage } from "./words.js";

const $ = (id) => document.getElementById(id);
const SLOW_MS = 2000;

const corridor = new Corridor($("corridor"));
const cards = new Cards($("junctions"));
const chart = new Chart($("chart"));
const violations = new Violations((id) => caseDialog.open(id));
const caseDialog = new Case($("case"), () => violations.load(), (id, step) => violations.neighbour(id, step));
let rounds = 0, state = null, plans = [], plansKey, history = null, result = {}, heard = 0;

function onState(next) {
  const first = state === null;
  state = next;
  heard = Date.now();
  setText($("clock"), clock(state.now_s));
  setText($("date"), date(state.now_s));
  corridor.update(state);
  cards.update(state);
  violations.update(state.violations);
  showLinks();
  const key = state.plans.join(" ");
  if (key !== plansKey) loadPlans(key);
  if (first) slow();
}

async function loadPlans(key) {
  try {
    plans = (await getJson("/api/plans")).plans;
    plansKey = key;
    showPlans($("plans"), plans);
  } catch { /* the next state tries again */ }
}

function showLinks() {
  const { uplink, nodes } = state, online = nodes.filter((node) => node.health.state === "online").length;
  const parts = [
    [uplink.up ? "ok" : "bad", t(uplink.up ? "broker_up" : "broker_down")],
    [online === nodes.length ? "ok" : "warn", t("nodes_online", { n: online, all: nodes.length })],
    uplink.bad_messages ? ["warn", t("bad_messages", { n: number(uplink.bad_messages) })] : null,
    uplink.unstored ? ["bad", t("unstored", { n: number(uplink.unstored) })] : null,
  ].filter(Boolean);
  const key = JSON.stringify(parts);
  if ($("links").dataset.key === key) return;
  $("links").dataset.key = key;
  $("links").replaceChildren(...parts.map(([style, words]) => el("span", { class: `dot ${style}` }, words)));
}

function onLink(up) {
  $("lost").hidden = up || !heard;
  document.body.classList.toggle("lost", !up && heard > 0);
}

/** What changes more slowly than the lamps. */
async function slow() {
  try {
    // a finished result is large and does not change any more
    const finished = result.progress?.done >= 1 && rounds++ % 15 > 0;
    [history, result] = await Promise.all([getJson("/api/history"), finished ? result : getJson("/api/result")]);
    showProgress($("progress"), result.progress);
    showResult($("result"), result);
    drawChart();
  } catch { /* the banner tells */ }
}

function drawChart() {
  if (!history) return;
  const { time_s: times, queue_veh: queue } = history.network, over = result.delay_over_time;
  const start = over?.time_s?.length && over.time_s.at(-1) < 1e8 ? times[0] ?? 0 : 0;
  const series = (name, style, values) => ({ name, style, time_s: over.time_s.slice(0, values.length).map((s) => s + start), values });
  const lines = [];
  if (over?.shipped?.length) lines.push(series(t(over.nutgiao?.length ? "shipped" : "shipped_all"), "shipped", over.shipped));
  if (over?.nutgiao?.length) lines.push(series(t("nutgiao"), "ours", over.nutgiao));
  else lines.push({ name: t("live"), style: "ours", time_s: times, values: queue });
  chart.show(over?.[`label_${currentLanguage()}`] ?? t("delay_axis"), lines);
}

function translateAll() {
  translatePage();
  legend($("legend"));
  cards.retitle(currentLanguage());
  violations.translate();
  corridor.draw();
  if (plansKey !== undefined) showPlans($("plans"), plans);
  showResult($("result"), result);
  showProgress($("progress"), result.progress);
  drawChart();
  if (state) { $("links").dataset.key = ""; onState(state); }
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab, focus) => {
    for (const each of all) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      $(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
    drawChart();
  };
  all.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab, false));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) choose(all[(i + step + all.length) % all.length], true);
    });
  });
}

async function loadLayout() {
  try {
    const { sites } = await getJson("/api/layout");
    setZone(sites[0]?.utc_offset_h ?? 0);
    corridor.setSites(sites);
    cards.setSites(sites);
    cards.retitle(currentLanguage());
    if (state) onState(state);
  } catch { setTimeout(loadLayout, SLOW_MS); }
}

for (const language of LANGUAGES) $(`lang-${language}`).addEventListener("click", () => { setLanguage(language); translateAll(); });
tabs();
translateAll();
await loadLayout();
follow(onState, onLink);
setInterval(slow, SLOW_MS);
setInterval(() => { if (!$("lost").hidden) setText($("lost"), t("lost", { s: number((Date.now() - heard) / 1000) })); }, 500);
