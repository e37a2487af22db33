"""Words of an explained decision in Vietnamese and English."""

from __future__ import annotations

from nutgiao.models.contracts.decision import Measure

LANGUAGES = ("en", "vi")

_WORDS: dict[str, tuple[str, str]] = {
    "title": (
        "{scenario}, {controller} with {detection} detection, seed {seed} (nutgiao {nutgiao}, SUMO {sumo})",
        "{scenario}, {controller}, phát hiện {detection}, hạt giống {seed} (nutgiao {nutgiao}, SUMO {sumo})",
    ),
    "at": ("Light {light} at {clock} (second {second})", "Đèn {light} lúc {clock} (giây {second})"),
    "lights_at": ("All lights at {clock} (second {second})", "Mọi đèn lúc {clock} (giây {second})"),
    "unfinished": (
        "The run goes on or broke off: its log ends at {clock}.",
        "Lần chạy chưa xong hoặc đã bị ngắt: nhật ký dừng lúc {clock}.",
    ),
    "green_for": ("stage {n}, green for {s} s", "pha {n}, xanh được {s} s"),
    "change_left": ("change from stage {a} to stage {b}, {s} s left", "chuyển từ pha {a} sang pha {b}, còn {s} s"),
    "brief_green": ("stage {n}, {s} s", "pha {n}, {s} s"),
    "brief_change": ("{a} → {b}, {s} s left", "{a} → {b}, còn {s} s"),
    # sections
    "showed": ("What it showed", "Đèn đang hiện"),
    "seen": ("What was seen", "Đã thấy gì"),
    "seen_within": ("What was seen (those who come within {s} s count)", "Đã thấy gì (tính xe tới trong {s} s)"),
    "considered_delay": (
        "What was considered ({n} ways; cost: delay here and at lights planned with it, vehicle seconds; least wins)",
        "Đã cân nhắc gì ({n} cách; chi phí: độ trễ tính bằng xe·giây ở đây và ở các đèn tính chung; nhỏ nhất thắng)",
    ),
    "considered_score": (
        "What was considered (score: vehicles that it would serve, less those in its way; the highest wins)",
        "Đã cân nhắc gì (điểm: số xe được phục vụ trừ số xe cản phía sau; cao nhất thắng)",
    ),
    "considered": ("What was considered", "Đã cân nhắc gì"),
    "afterwards": ("What the safety code did to the wish", "Mã an toàn đã làm gì với ý muốn"),
    "then": ("What was shown", "Đã hiện gì"),
    "around": ("Second by second", "Từng giây"),
    # the reason
    "keep_best": (
        "stage {n} stays: to keep it is the best way ({figure})",
        "giữ pha {n}: giữ lại là cách tốt nhất ({figure})",
    ),
    "wait_best": (
        "stage {n} stays for now: stage {b} in {s} s is the best way ({figure})",
        "tạm giữ pha {n}: sang pha {b} sau {s} s là cách tốt nhất ({figure})",
    ),
    "go_best": ("stage {b} now is the best way ({figure})", "sang pha {b} ngay là cách tốt nhất ({figure})"),
    "bound": (
        "; yet it wished stage {n}, bound by its plan or by priority",
        "; nhưng nó muốn pha {n}, vì bị kế hoạch hoặc quyền ưu tiên ràng buộc",
    ),
    "rival": ("; the next best, {option}, is worse by {margin}", "; cách tốt kế tiếp, {option}, kém hơn {margin}"),
    "keep_rival": (
        "; to change to stage {n} at once would be worse by {margin}",
        "; nếu chuyển sang pha {n} ngay sẽ kém hơn {margin}",
    ),
    "same": ("; {option} would be as good", "; {option} cũng tốt như vậy"),
    "nothing_now": (
        "the controller wished stage {n} and considered nothing in this second",
        "bộ điều khiển muốn pha {n} và không cân nhắc gì trong giây này",
    ),
    # the rule of a controller without figures, and what the frame of a plan changed
    "r_extended": (
        "stage {n} stays: the next vehicle is {s} s from its line, less than the gap of {most} s",
        "giữ pha {n}: xe kế tiếp còn {s} s tới vạch dừng, ngắn hơn khoảng hở {most} s",
    ),
    "r_extended_alone": (
        "stage {n} stays: somebody is at its line",
        "giữ pha {n}: có xe ở vạch dừng",
    ),
    "r_gap_out": (
        "stage {b} is wished: on stage {n} the next vehicle is {s} s from the line, more than the gap of {most} s "
        "(gap-out), and stage {b} is waited for",
        "muốn pha {b}: ở pha {n} xe kế tiếp còn {s} s tới vạch, dài hơn khoảng hở {most} s (hết xe nối đuôi), và có "
        "người chờ pha {b}",
    ),
    "r_gap_out_alone": (
        "stage {b} is wished: on stage {n} nobody comes (gap-out), and stage {b} is waited for",
        "muốn pha {b}: ở pha {n} không còn xe tới (hết xe nối đuôi), và có người chờ pha {b}",
    ),
    "r_max_out": (
        "stage {b} is wished: somebody has waited elsewhere for {s} s while stage {n} was green, more than {most} s "
        "(max-out)",
        "muốn pha {b}: nơi khác đã chờ {s} s trong lúc pha {n} xanh, quá {most} s (hết xanh tối đa)",
    ),
    "r_rests": ("stage {b} stays: nobody waits elsewhere", "giữ pha {b}: không ai chờ ở nơi khác"),
    "r_recall": (
        "stage {b} is wished: nobody waits anywhere, and the light rests there (recall)",
        "muốn pha {b}: không ai chờ ở đâu, đèn nghỉ ở pha này",
    ),
    "r_plan": (
        "its plan shows stage {b} in second {s} of its cycle of {most} s",
        "kế hoạch hiện pha {b} ở giây {s} của chu kỳ {most} s",
    ),
    "r_force_off": (
        "the plan's frame ends stage {n} now for stage {b} (force-off)",
        "khung kế hoạch kết thúc pha {n} lúc này để sang pha {b}",
    ),
    "r_early": (
        "the plan's frame lets stage {b} come in {s} s at the soonest",
        "khung kế hoạch chỉ cho pha {b} sau ít nhất {s} s",
    ),
    "r_order": (
        "the plan's frame does not let stage {b} follow now: stage {next} is next",
        "khung kế hoạch chưa cho sang pha {b}: pha {next} mới là pha kế tiếp",
    ),
    "r_order_open": (
        "the plan's frame does not let stage {b} follow now",
        "khung kế hoạch chưa cho sang pha {b}",
    ),
    "change_runs": (
        "a change runs and is not given up; nothing is chosen meanwhile",
        "đang chuyển pha và không bỏ dở; trong lúc đó không chọn gì",
    ),
    # options
    "o_keep": ("keep stage {n}", "giữ pha {n}"),
    "o_now": ("stage {n} now", "pha {n} ngay"),
    "o_later": ("stage {n} in {s} s", "pha {n} sau {s} s"),
    "option": ("way", "cách"),
    "serves": ("who gets green", "ai được xanh"),
    "cost": ("cost", "chi phí"),
    "score": ("score", "điểm"),
    "more": ("worse by", "kém hơn"),
    "soonest": ("soonest", "sớm nhất"),
    # seen
    "way": ("way", "hướng"),
    "lamp": ("lamp", "đèn"),
    "red_for": ("red for", "đỏ đã"),
    "stand": ("stand", "xe dừng"),
    "come": ("come", "xe tới"),
    "first": ("first in", "xe đầu sau"),
    "weight": ("weight", "trọng số"),
    "room": ("room", "chỗ trống"),
    "note": ("note", "ghi chú"),
    "held_up": ("held up, for {s} s more", "bị cản, còn {s} s"),
    "nothing": ("Nothing in this second.", "Không gì trong giây này."),
    "nobody": ("Nobody was on the way.", "Không có xe nào đang tới."),
    "full": ("no room", "hết chỗ"),
    # the safety code
    "untouched": (
        "Nothing: nobody was overdue, and the guard forbade nothing.",
        "Không gì: không ai chờ quá lâu, bộ gác không cấm gì.",
    ),
    "late": (
        "{way} was red for {red} s (longest red: {most} s): stage {b} in place of the wished stage {n}",
        "{way} đã đỏ {red} s (đỏ lâu nhất: {most} s): pha {b} thay cho pha {n} đã muốn",
    ),
    "least_green": (
        "stage {n} has been green for {s} s of at least {least} s, so it stays",
        "pha {n} mới xanh {s} s, ít nhất phải {least} s, nên được giữ",
    ),
    "least_left": (
        "stage {n} has been green for {s} s of at least {least} s: no change may begin before that",
        "pha {n} mới xanh {s} s, ít nhất phải {least} s: trước đó không được chuyển",
    ),
    "running": (
        "the change to stage {n} runs and goes on; no wish can turn it round",
        "đang chuyển sang pha {n} và sẽ tiếp tục; không ý muốn nào đảo lại được",
    ),
    "refused": (
        "the guard forbade stage {n} ({rule}): {reason}; {cure}",
        "bộ gác cấm pha {n} ({rule}): {reason}; {cure}",
    ),
    "unknown_stage": ("the light has no stage {n}, so it stays as it is", "đèn không có pha {n}, nên giữ nguyên"),
    # list and moments
    "light": ("light", "đèn"),
    "before": ("showed", "đang hiện"),
    "time": ("time", "lúc"),
    "did": ("did", "đã làm"),
    "best": ("best way", "cách tốt nhất"),
    "by": ("better by", "hơn"),
    "safety": ("safety code", "mã an toàn"),
    "stays": ("keeps stage {n}", "giữ pha {n}"),
    "begins": ("begins stage {n}", "bắt đầu pha {n}"),
    "goes_on": ("goes on to stage {n}", "tiếp tục sang pha {n}"),
    "changes": ("changes to stage {n}", "chuyển sang pha {n}"),
    "s_late": ("overdue: {way}", "chờ quá lâu: {way}"),
    "s_refused": ("forbade stage {n} ({rule})", "cấm pha {n} ({rule})"),
    "s_least": ("least green", "xanh tối thiểu"),
    "s_unknown": ("no stage {n}", "không có pha {n}"),
    # lamps and ways
    "lamp_G": ("green", "xanh"),
    "lamp_g": ("green, yields", "xanh, nhường"),
    "lamp_r": ("red", "đỏ"),
    "lamp_y": ("amber", "vàng"),
    "lamp_u": ("red and amber", "đỏ và vàng"),
    "lamp_s": ("stop, then go", "dừng rồi đi"),
    "turn_left": ("left", "rẽ trái"),
    "turn_through": ("straight on", "đi thẳng"),
    "turn_right": ("right", "rẽ phải"),
    "turn_uturn": ("back", "quay đầu"),
    "arm_n": ("north", "Bắc"),
    "arm_ne": ("northeast", "Đông Bắc"),
    "arm_e": ("east", "Đông"),
    "arm_se": ("southeast", "Đông Nam"),
    "arm_s": ("south", "Nam"),
    "arm_sw": ("southwest", "Tây Nam"),
    "arm_w": ("west", "Tây"),
    "arm_nw": ("northwest", "Tây Bắc"),
    "arm_": ("somewhere", "đâu đó"),
    "crossing": ("crossing {arm}", "lối đi bộ phía {arm}"),
    "from": ("{arm}, {turn}", "{arm}, {turn}"),
    "link": ("link {n}", "dòng {n}"),
}  # fmt: skip


class Words:
    """The words of one language.

    Args:
        language: one of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **figures: object) -> str:
        """The words of a key, with figures put in."""
        return _WORDS[key][self._column].format(**figures)

    def lamp(self, letter: str) -> str:
        """What a letter of a state shows."""
        return self(f"lamp_{letter}") if f"lamp_{letter}" in _WORDS else letter

    def considered(self, measure: Measure, scripts: int) -> str:
        """Head of what was considered."""
        return self(
            f"considered_{measure.value}" if scripts and measure is not Measure.NONE else "considered", n=scripts
        )
