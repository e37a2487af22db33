// The page's words in both languages; `{name}` is filled in.
const WORDS = {
  tools: ["Công cụ", "Tools"],
  pairs: ["Điểm đo", "Points"],
  lines: ["Vạch dừng, làn", "Stop line, lanes"],
  zones: ["Vùng", "Zones"],
  lamps: ["Đèn", "Lamps"],
  undo: ["Hoàn tác", "Undo"],
  redo: ["Làm lại", "Redo"],
  fit: ["Vừa khung", "Fit"],
  zoom_in: ["Phóng to", "Zoom in"],
  zoom_out: ["Thu nhỏ", "Zoom out"],
  grid: ["Lưới mét", "Metre grid"],
  trust: ["Sai số", "Error"],
  save: ["Lưu", "Save"],
  stage: ["Ảnh của camera", "The camera's picture"],
  help_pairs: [
    "Bấm vào một điểm trên mặt đường, rồi nhập vị trí x, y (mét). Kéo để sửa; mũi tên dời 1 px, Shift 10 px; Delete để xoá.",
    "Click a point on the road, then type its place x, y in metres. Drag to move; arrows move by 1 px, Shift by 10; Delete removes.",
  ],
  help_lines: [
    "Bấm các mép làn dọc theo vạch dừng: từ lề đường đến tim đường.",
    "Click the lane borders along the stop line: from the kerb to the centre of the road.",
  ],
  help_zones: [
    "Bấm các góc của vùng; bấm lại góc đầu hoặc nhấn Enter trên nút để đóng vùng.",
    "Click the corners of the zone; click the first one again, or press the button, to close it.",
  ],
  help_lamps: [
    "Chọn nhóm và bộ phận, rồi kéo một khung quanh bóng đèn hoặc khít một chữ số đếm ngược.",
    "Choose group and part, then drag a box round the lamp, or tight round a digit of the countdown.",
  ],
  keys: [" Không có chuột: mũi tên dời con trỏ, Enter để bấm.", " Without a mouse: arrows move the cursor, Enter clicks."],
  number: ["Số", "No."],
  x: ["x (m)", "x (m)"],
  y: ["y (m)", "y (m)"],
  off: ["lệch", "off"],
  remove: ["Xoá", "Remove"],
  few_pairs: ["Cần {need} điểm có x, y; mới có {have}.", "{need} points with x, y are needed; there are {have}."],
  no_map: ["Các điểm này chưa xác định được mặt đường: {detail}", "These points fix no ground plane: {detail}"],
  error: ["Sai số kiểm tra chéo", "Error by cross-validation"],
  error_unknown: ["Cần {need} điểm để kiểm tra chéo; bốn điểm luôn khớp.", "{need} points are needed to check; four always fit."],
  rms: ["Độ khớp: {rms} m", "Fit: {rms} m"],
  wrong: ["Điểm {k} sai: các điểm khác đặt nó cách {px} px ({m} m). Bấm hoặc nhập lại.", "Point {k} is wrong: the others put it {px} px ({m} m) away. Click or type it again."],
  worst: ["Điểm kém nhất: {k}, lệch {m} m", "Weakest point: {k}, off by {m} m"],
  bent: ["Ống kính cong: góc ảnh lệch khoảng {px} px. Đo gần chỗ cần dùng.", "The lens bends: about {px} px at the corners. Take points where it matters."],
  no_points: ["Chưa có điểm nào.", "No points yet."],
  approach: ["Hướng vào nút", "Approach"],
  borders: ["{have} mép làn; làn hiện có cần {need}.", "{have} borders; its lanes need {need}."],
  again: ["Vẽ lại", "Draw again"],
  close: ["Đóng vùng", "Close zone"],
  name: ["Tên (a-z, 0-9, _ -)", "Name (a-z, 0-9, _ -)"],
  what: ["Mô tả", "What it is"],
  kind: ["Loại", "Kind"],
  kind_other: ["chỉ đặt tên", "a name only"],
  kind_no_stopping: ["cấm dừng", "no stopping"],
  kind_no_parking: ["cấm đỗ", "no parking"],
  kind_box: ["ô phải để trống", "box to keep clear"],
  kind_pavement: ["vỉa hè", "pavement"],
  kind_crossing: ["vạch qua đường", "pedestrian crossing"],
  kind_bus_stop: ["điểm dừng xe buýt", "bus stop"],
  unseen: ["ngoài khung hình", "not in this picture"],
  group: ["Nhóm đèn", "Signal group"],
  colour: ["Bộ phận", "Part"],
  red: ["đỏ", "red"],
  amber: ["vàng", "amber"],
  green: ["xanh", "green"],
  hundreds: ["đếm ngược: hàng trăm", "countdown: hundreds"],
  tens: ["đếm ngược: hàng chục", "countdown: tens"],
  ones: ["đếm ngược: hàng đơn vị", "countdown: ones"],
  saved: ["Đã lưu vào {file}. Bản cũ: {backup}", "Saved to {file}. The old one: {backup}"],
  lost: ["Mất kết nối với máy chủ.", "The server does not answer."],
  unsaved: ["chưa lưu", "not saved"],
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("en") ? "en" : "vi");

export const current = () => language;
export function choose(name) { language = name; localStorage.setItem("language", name); }
export function word(key, values = {}) {
  const both = WORDS[key] ?? [key, key];
  return both[language === "vi" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
