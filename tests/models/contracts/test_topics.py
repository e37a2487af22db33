"""Topics: what is built is parsed again, and no name smuggles a level or a wildcard in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.topics import RETAINED, TO_NODES, Channel, Topic, parse, subscription

names = st.text(min_size=1, max_size=30).filter(lambda name: not set(name) & set("/+#\0"))
channels = st.sampled_from(Channel)


@given(names, names, channels)
def test_a_topic_comes_back_as_it_was(city: str, node: str, channel: Channel) -> None:
    topic = Topic(city=city, node=node, channel=channel)
    assert parse(str(topic)) == topic


@given(st.text())
def test_anything_else_is_refused_or_means_itself(text: str) -> None:
    try:
        topic = parse(text)
    except ContractError:
        return
    assert str(topic) == text


@given(st.tuples(st.sampled_from(["nutgiao", "x", ""]), st.sampled_from(["1", "2", ""]), st.text(max_size=3)), channels)
def test_near_misses_are_refused_or_mean_themselves(parts: tuple[str, str, str], channel: Channel) -> None:
    text = "/".join([*parts, "j1", channel])
    try:
        topic = parse(text)
    except ContractError:
        return
    assert str(topic) == text


@pytest.mark.parametrize("bad", ["", "a/b", "+", "#", "x\0", "j1/proposal"])
def test_no_name_smuggles_a_level_or_a_wildcard_in(bad: str) -> None:
    with pytest.raises(ContractError, match="topic"):
        str(Topic(city="hanoi", node=bad, channel=Channel.LANES))
    with pytest.raises(ContractError, match="topic"):
        str(Topic(city=bad, node="j1", channel=Channel.LANES))
    with pytest.raises(ContractError, match="topic"):
        subscription("hanoi", node=bad)
    with pytest.raises(ContractError, match="topic"):
        subscription(bad)


@pytest.mark.parametrize(
    "text",
    [
        "nutgiao/1//j1/lanes",
        "nutgiao/1/hanoi//lanes",
        "nutgiao/1/+/j1/lanes",
        "nutgiao/2/hanoi/j1/lanes",
        "other/1/a/b/lanes",
    ],
)
def test_topics_with_holes_wildcards_or_other_versions_are_not_ours(text: str) -> None:
    with pytest.raises(ContractError):
        parse(text)


def test_an_unknown_channel_is_told_with_those_there_are() -> None:
    with pytest.raises(ContractError, match="none of lanes, signal"):
        parse("nutgiao/1/hanoi/j1/lamps")


def test_filters_leave_out_what_is_not_asked_for() -> None:
    assert subscription("hanoi") == "nutgiao/1/hanoi/+/+"
    assert subscription("hanoi", channel=Channel.HEALTH) == "nutgiao/1/hanoi/+/health"
    assert subscription("hanoi", node="j1") == "nutgiao/1/hanoi/j1/+"


def test_an_old_order_never_returns_from_the_broker() -> None:
    assert not TO_NODES & RETAINED
