/** The owner of the vehicle and how they were told: personal data, shown only to who opens it. */

import { el } from "./dom.js";
import { clock, date, t } from "./words.js";

const WITH_OWNER = new Set(["approved", "owner_identified", "notified", "appealed", "handled", "closed"]);
const OPEN = new Set(["approved", "owner_identified", "notified", "appealed"]);
const FIELDS = ["name", "address", "plate", "source"];
const WAYS = ["post", "electronic", "by_hand"];

export function owner(view) {
  const { case: c, personal } = view;
  if (!WITH_OWNER.has(c.state)) return [];
  if (!personal) return [el("h3", {}, t("owner")), el("button", { type: "button", id: "open-owner", onclick: () => view.openOwner() }, t("owner_open"))];
  const shown = personal.owner
    ? el("table", { class: "numbers" }, el("tbody", {}, FIELDS.map((field) => el("tr", {}, el("th", { scope: "row" }, t(`owner_${field}`)), el("td", {}, el("bdi", {}, personal.owner[field]))))))
    : el("p", { class: "muted" }, t("owner_none"));
  const notices = personal.notices.map((notice) => el("li", {}, `${date(notice.sent_s)} ${clock(notice.sent_s)} · ${t(`way_${notice.way}`)} · `, el("bdi", {}, notice.reference)));
  return [el("h3", {}, t("owner")), shown, el("ul", { class: "trail" }, notices), ...(OPEN.has(c.state) ? [ownerForm(view), noticeForm(view)] : [])];
}

const field = (id, label, more = {}) => el("label", {}, t(label), el("input", { id, maxlength: 200, autocomplete: "off", ...more }));
const value = (view, id) => view.dialog.querySelector(`#${id}`).value.trim();

function ownerForm(view) {
  const save = async () => {
    const told = Object.fromEntries(FIELDS.map((each) => [each, value(view, `owner-${each}`)]));
    if (await view.send("owner", told)) await view.openOwner();
  };
  return el("div", { class: "personal" }, FIELDS.map((each) => field(`owner-${each}`, `owner_${each}`)),
    el("button", { type: "button", id: "save-owner", onclick: save }, t("save_owner")));
}

function noticeForm(view) {
  const save = async () => {
    const told = { way: value(view, "notice-way"), reference: value(view, "notice-reference") };
    if (await view.send("notices", told)) await view.openOwner();
  };
  return el("div", { class: "personal" },
    el("label", {}, t("notice_way"), el("select", { id: "notice-way" }, WAYS.map((way) => el("option", { value: way }, t(`way_${way}`))))),
    field("notice-reference", "notice_reference"),
    el("button", { type: "button", id: "save-notice", onclick: save }, t("save_notice")));
}
