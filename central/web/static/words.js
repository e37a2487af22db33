/** Every word of the page in Vietnamese and English, and the one place that knows which is shown. */

// words of cases stand in a file of their own, which documents are written from as well
const CASES = await (await fetch("case-words.json")).json();
export const UNITS = CASES.units;

const WORDS = {
  ...CASES.words,
  skip: ["Tới sơ đồ tuyến", "Skip to the corridor"],
  centre: ["Trung tâm điều khiển", "Control centre"],
  language: ["Ngôn ngữ", "Language"],
  north: ["B", "N"],
  corridor: ["Sơ đồ tuyến đường", "Corridor"],
  junctions: ["Các nút giao", "Junctions"],
  delay: ["Độ trễ", "Delay"],
  result: ["Kết quả", "Result"],
  plans: ["Kế hoạch tín hiệu", "Signal plans"],
  violations: ["Vi phạm", "Violations"],
  kind: ["Loại vi phạm", "Kind of violation"],
  more: ["Xem thêm", "Show more"],
  all_kinds: ["Mọi loại", "All kinds"],
  all_states: ["Mọi trạng thái", "All states"],
  waiting_for_data: ["Đang chờ dữ liệu…", "Waiting for data…"],

  lost: ["Mất kết nối tới trung tâm. Hình dưới đây là của {s} giây trước. Đang kết nối lại…", "Connection to the centre lost. What you see is {s} s old. Reconnecting…"],
  broker: ["MQTT", "MQTT"],
  broker_up: ["MQTT thông", "MQTT up"],
  broker_down: ["MQTT mất kết nối", "MQTT down"],
  nodes_online: ["{n}/{all} nút trực tuyến", "{n}/{all} nodes online"],
  bad_messages: ["{n} tin lỗi", "{n} bad messages"],
  unstored: ["{n} tin chưa ghi được xuống đĩa", "{n} messages not on disk yet"],

  online: ["Trực tuyến", "Online"],
  degraded: ["Suy giảm", "Degraded"],
  offline: ["Mất liên lạc", "Offline"],
  central: ["Trung tâm", "Central plan"],
  last_valid: ["Kế hoạch còn hiệu lực", "Last valid plan"],
  time_of_day: ["Theo giờ trong ngày", "Time of day"],
  adaptive: ["Thích ứng tại chỗ", "Adaptive, alone"],
  fixed: ["Kế hoạch cố định", "Fixed plan"],
  cabinet: ["Tủ điều khiển", "Cabinet"],
  flash: ["Nháy vàng an toàn", "Flash"],
  transition: ["đang chuyển", "in transition"],
  by_sight: ["theo hình camera", "by what cameras see"],
  priority: ["Ưu tiên", "Priority"],
  priority_received: ["đã nhận", "received"],
  priority_queued: ["đang chờ", "queued"],
  priority_activated: ["đang được ưu tiên", "active"],
  priority_completed: ["đã xong", "completed"],
  priority_timeout: ["hết thời gian chờ", "timed out"],
  priority_rejected: ["bị từ chối", "rejected"],
  priority_cooldown: ["vừa ưu tiên xong, tạm dừng", "cooling down"],
  priority_stale: ["đã bị dừng", "stopped"],
  priority_refused: ["{n} yêu cầu không hợp lệ bị từ chối", "{n} messages refused"],
  rung_changes: ["{n} lần đổi bậc điều khiển", "{n} changes of rung"],
  plan: ["Kế hoạch", "Plan"],
  cycle: ["Chu kỳ", "Cycle"],
  offset: ["Lệch pha", "Offset"],
  stage: ["Pha", "Stage"],
  left_s: ["còn {s} s", "{s} s left"],
  changing: ["Chuyển pha", "Changing"],
  no_signal: ["Chưa có tín hiệu báo về", "No signal status yet"],
  stale_signal: ["Trạng thái đèn đã cũ", "Signal status is out of date"],
  walk: ["Đi bộ", "Walk"],
  cameras: ["{n} camera", "{n} cameras"],
  camera_frozen: ["{camera}: hình bị đứng từ {time}", "{camera}: picture frozen since {time}"],
  camera_black: ["{camera}: hình tối đen từ {time}", "{camera}: picture black since {time}"],
  camera_blurred: ["{camera}: hình bị mờ từ {time}", "{camera}: picture blurred since {time}"],
  camera_moved: ["{camera}: lệch {px} điểm ảnh từ {time}", "{camera}: moved by {px} px since {time}"],
  camera_elsewhere: ["{camera}: quay sang hướng khác từ {time}", "{camera}: looks elsewhere since {time}"],
  spooled: ["{n} tin chờ gửi", "{n} waiting"],
  lost_messages: ["{n} tin đã mất vì đĩa của hộp không giữ được", "{n} messages lost: the box's disk could not keep them"],
  missing: ["{n} tin thiếu", "{n} missing"],

  letter_red: ["Đ", "R"],
  letter_amber: ["V", "A"],
  letter_green: ["X", "G"],
  queue: ["Hàng chờ", "Queue"],
  ahead: ["Trước vạch dừng", "Ahead of the line"],
  beyond_view: ["Vượt tầm nhìn camera", "Beyond the view"],
  vehicles: ["{n} xe", "{n} veh"],
  flow: ["{n} MCU/giờ", "{n} MCU/h"],
  queue_of: ["{approach}: {n} xe, {m} m", "{approach}: {n} vehicles, {m} m"],

  delay_axis: ["Xe đang chờ trên toàn tuyến (xe·s mỗi giây)", "Vehicles waiting on the corridor (veh·s per second)"],
  shipped: ["Kế hoạch có sẵn", "Shipped plan"],
  nutgiao: ["nutgiao", "nutgiao"],
  live: ["nutgiao (xe mà camera thấy)", "nutgiao (seen by cameras)"],
  shipped_all: ["Kế hoạch có sẵn (mọi xe)", "Shipped plan (every vehicle)"],
  no_delay: ["Chưa đo được độ trễ nào", "No delay measured yet"],

  no_plans: ["Chưa gửi kế hoạch nào", "No plan has been sent yet"],
  plan_sent: ["đã gửi", "sent"],
  plan_accepted: ["được nhận", "accepted"],
  plan_rejected: ["bị từ chối", "rejected"],
  plan_running: ["đang chạy", "running"],
  plan_replaced: ["đã thay", "replaced"],
  plan_expired: ["hết hạn", "expired"],
  from: ["từ", "from"],
  until: ["đến", "until"],
  cure: ["Cách sửa", "Cure"],
  at_second: ["giây {s}", "second {s}"],

  no_violations: ["Chưa có vi phạm nào", "No violations yet"],
  none_match: ["Không có vi phạm nào khớp bộ lọc", "No violation matches the filter"],

  close: ["Đóng", "Close"],
  token: ["Mã truy cập", "Access token"],
  token_hint: ["Trung tâm yêu cầu mã truy cập.", "The centre asks for its access token."],


  name_west: ["Tây", "west"],
  name_east: ["Đông", "east"],
  name_north: ["Bắc", "north"],
  name_south: ["Nam", "south"],
  name_main: ["trục chính", "main"],
  name_main_left: ["rẽ trái", "main left"],
  name_left: ["rẽ trái", "left"],
  name_side: ["nhánh", "side"],
  name_walk_main: ["đi bộ chính", "walk main"],
  name_walk_side: ["đi bộ nhánh", "walk side"],

  note_silent: ["im lặng đã {s} s", "silent for {s} s"],
  "note_nothing heard yet": ["chưa nghe thấy gì", "nothing heard yet"],
  "note_no health message yet": ["chưa có bản tin tình trạng", "no health message yet"],
  "note_health messages have stopped": ["bản tin tình trạng đã ngừng", "health messages have stopped"],
  "note_the link broke": ["đường truyền bị đứt", "the link broke"],
  "note_switched off": ["đã tắt", "switched off"],
  "note_no valid plan of the centre": ["không có kế hoạch nào của trung tâm còn hiệu lực", "no valid plan of the centre"],
  "note_no link to the broker": ["mất kết nối MQTT", "no link to the broker"],
  "note_the centre is not heard": ["không nghe thấy trung tâm", "the centre is not heard"],
  "note_the centre is offline": ["trung tâm đang ngoại tuyến", "the centre is offline"],
  "note_the clock is not set": ["đồng hồ chưa được đặt", "the clock is not set"],
  "note_the clock has jumped": ["đồng hồ bị nhảy", "the clock has jumped"],
  "note_clock and controller disagree about the time": ["đồng hồ lệch với tủ điều khiển", "clock and controller disagree about the time"],
  "note_the controller does not answer": ["tủ điều khiển không trả lời", "the controller does not answer"],
  "note_the controller is flashing": ["tủ điều khiển đang nháy vàng", "the controller is flashing"],
  "note_the controller takes no requests": ["tủ điều khiển không nhận yêu cầu", "the controller takes no requests"],
  "note_the controller takes no calls for stages": ["tủ điều khiển không nhận lệnh gọi pha", "the controller takes no calls for stages"],
  "note_no picture": ["không có hình", "no picture"],
  "note_controller and picture disagree about the lamp and its violations are not reported": ["tủ điều khiển và hình ảnh không khớp về đèn, vi phạm tại đèn đó không được báo", "controller and picture disagree about the lamp and its violations are not reported"],
  "note_clocks are too far apart and violations at lamps are not reported": ["các đồng hồ lệch nhau quá nhiều, vi phạm đèn tín hiệu không được báo", "clocks are too far apart and violations at lamps are not reported"],
  "note_rules with hours wait because no time server keeps the clock": ["quy tắc theo giờ tạm dừng vì không có máy chủ thời gian nào giữ đồng hồ", "rules with hours wait because no time server keeps the clock"],
  "note_rules with hours wait because the clock is too far from its time servers": ["quy tắc theo giờ tạm dừng vì đồng hồ lệch quá xa máy chủ thời gian", "rules with hours wait because the clock is too far from its time servers"],
  "note_a rule does not run": ["một quy tắc phát hiện không chạy", "a rule does not run"],
  "note_the picture is frozen": ["hình bị đứng", "the picture is frozen"],
  "note_the picture is black": ["hình tối đen", "the picture is black"],
  "note_the picture is blurred": ["hình bị mờ", "the picture is blurred"],
  "note_the camera has moved and its violations are not reported": ["camera bị lệch, không báo vi phạm từ camera này", "the camera has moved and its violations are not reported"],
  "note_evidence is past its days and has not reached the centre": ["bằng chứng đã quá hạn lưu mà chưa tới trung tâm", "evidence is past its days and has not reached the centre"],
  "note_the centre has refused evidence": ["trung tâm từ chối bằng chứng", "the centre has refused evidence"],
  "note_the disk is nearly full": ["đĩa của hộp sắp đầy", "the disk is nearly full"],
  "note_no adaptive control on this box": ["hộp này không có điều khiển thích ứng", "no adaptive control on this box"],
  "note_adaptive control is not ready": ["điều khiển thích ứng chưa sẵn sàng", "adaptive control is not ready"],
  "note_no news from the neighbour": ["không có tin từ nút lân cận", "no news from the neighbour"],
  "note_the controller answers again and is being watched": ["tủ điều khiển đã trả lời lại, đang theo dõi", "the controller answers again and is being watched"],
  "note_the clock is steady again and is being watched": ["đồng hồ đã ổn định lại, đang theo dõi", "the clock is steady again and is being watched"],
  "note_the link to the broker is back and is being watched": ["MQTT đã thông lại, đang theo dõi", "the link to the broker is back and is being watched"],
  "note_the centre is heard again and is being watched": ["đã nghe lại trung tâm, đang theo dõi", "the centre is heard again and is being watched"],
  "note_adaptive control is ready and is being watched": ["điều khiển thích ứng đã sẵn sàng, đang theo dõi", "adaptive control is ready and is being watched"],

  no_result: ["Chưa có kết quả so sánh", "No comparison yet"],
  measure: ["Chỉ số", "Measure"],
  difference: ["Chênh lệch", "Difference"],
  significant: ["khác biệt có ý nghĩa", "significant"],
  not_significant: ["chưa có ý nghĩa thống kê", "not significant"],
  interval_note: ["Trung bình và khoảng tin cậy 95 %.", "Mean and 95 % interval."],
  against_truth: ["Vi phạm so với sự thật đã ghi", "Violations against the recorded truth"],
  truth: ["Thực tế", "Truth"],
  reported: ["Báo cáo", "Reported"],
  matched: ["Khớp", "Matched"],
  precision: ["Độ chính xác", "Precision"],
  recall: ["Độ phủ", "Recall"],
};

export const LANGUAGES = ["vi", "en"];
let language = "vi";
try {
  if (LANGUAGES.includes(localStorage.getItem("nutgiao.language"))) language = localStorage.getItem("nutgiao.language");
} catch { /* a browser without storage starts in Vietnamese */ }

export const currentLanguage = () => language;

/** The word for a key, with {names} filled in; a key nobody has translated is shown as it is. */
export function t(key, values = {}) {
  const word = WORDS[key]?.[LANGUAGES.indexOf(language)] ?? String(key);
  return word.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A site's own names; those that sites usually give are translated, others are shown as they are. */
export const named = (name) => (`name_${name}` in WORDS ? t(`name_${name}`) : String(name));

const SENTENCES = CASES.sentences.map(([vi, en]) => ({ vi, around: en.split(/\{\w+\}/), names: [...en.matchAll(/\{(\w+)\}/g)].map((each) => each[1]) }));

/** What box or centre has said in English, sentences with a semicolon between two; others are shown as they came. */
export const sentence = (said) => (language === "en" ? said : String(said).split("; ").map(translated).join("; "));

function translated(said) {
  for (const { vi, around, names } of SENTENCES) {
    const values = between(around, said);
    if (values) return names.reduce((told, name, k) => told.replaceAll(`{${name}}`, () => (values[k] === said ? said : translated(values[k]))), vi);
  }
  return /^[+-]?\d+\.\d+$/.test(said) ? said.replace(".", ",") : said;
}

/** What stands between fixed pieces of a text; each piece is taken where it first comes. */
function between(around, said) {
  if (around.length === 1) return said === around[0] ? [] : null;
  if (!said.startsWith(around[0]) || !said.endsWith(around.at(-1))) return null;
  const found = [], end = said.length - around.at(-1).length;
  let begin = around[0].length;
  for (const piece of around.slice(1, -1)) {
    const at = said.indexOf(piece, begin);
    if (at < 0 || at + piece.length > end) return null;
    found.push(said.slice(begin, at));
    begin = at + piece.length;
  }
  return begin <= end ? [...found, said.slice(begin, end)] : null;
}

/** Why a node is as it is, and its rung: known sentences are translated, others and the details after a colon are shown as they came. */
export function note(words) {
  const silent = /^silent for (\d+) s$/.exec(words);
  if (silent) return t("note_silent", { s: silent[1] });
  const [, sentence, details] = /^(.*?)(?:: (.*))?$/s.exec(words);
  if (!knows(`note_${sentence}`)) return words;
  const of = sentence.startsWith("rules with hours") ? t : named; // kinds of violations, or names of the site
  return details === undefined ? t(`note_${sentence}`) : `${t(`note_${sentence}`)}: ${details.split(", ").map((each) => of(each)).join(", ")}`;
}

/** Several of them, a semicolon between two, each told once. */
export const notes = (...texts) => [...new Set(texts.flatMap((words) => (words ?? "").split("; ")).filter(Boolean))].map(note).join("; ");

export const knows = (key) => key in WORDS;

/** Text that comes in one language or as {vi, en}. */
export const inLanguage = (text) => (text && typeof text === "object" ? text[language] ?? text.en ?? "" : text ?? "");

export function setLanguage(next) {
  language = next;
  try { localStorage.setItem("nutgiao.language", next); } catch { /* not remembered, but switched */ }
  translatePage();
}

/** Fills every element that names its words. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-aria-label]")) element.setAttribute("aria-label", t(element.dataset.tAriaLabel));
  for (const each of LANGUAGES) document.getElementById(`lang-${each}`).setAttribute("aria-pressed", String(each === language));
}

const locale = () => (language === "vi" ? "vi-VN" : "en-GB");
export const number = (value, digits = 0) =>
  value === null || value === undefined || Number.isNaN(value) ? "–" : value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

let zoneHours = 7;
export const setZone = (hours) => { zoneHours = hours; };
const local = (seconds) => new Date((seconds + zoneHours * 3600) * 1000);
export const clock = (seconds) => local(seconds).toISOString().slice(11, 19);
export const hourMinute = (seconds) => local(seconds).toISOString().slice(11, 16);
export const date = (seconds) => local(seconds).toLocaleDateString(locale(), { timeZone: "UTC", weekday: "short", day: "2-digit", month: "2-digit", year: "numeric" });
