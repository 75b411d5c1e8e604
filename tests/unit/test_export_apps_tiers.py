"""Tiers as users write them: what they select, and what Google Play or sense refuses."""

import pytest

from edgehone.errors import UsageError
from edgehone.export.apps._tiers import Selector, wanted

GIB = 1 << 30


@pytest.mark.parametrize(
    ("conditions", "selector"),
    [
        ("ram<4GiB", Selector(high=4 * GIB)),
        ("ram<=4GB", Selector(high=4_000_000_001)),
        ("ram>=1.5GiB", Selector(low=3 * GIB // 2)),
        ("ram > 512MiB, ram < 2 GiB", Selector(low=(1 << 29) + 1, high=2 * GIB)),
        ("device=google/redfin", Selector(devices=(("google", "redfin"),))),
        ("device=samsung", Selector(devices=(("samsung", ""),))),
        (
            "soc=Google/Tensor G3,soc=QTI/SM8750,ram>=6GiB",
            Selector(low=6 * GIB, chips=(("Google", "Tensor G3"), ("QTI", "SM8750"))),
        ),
        ("device=a/b,device=a/b", Selector(devices=(("a", "b"),))),
    ],
)
def test_conditions_select(conditions: str, selector: Selector) -> None:
    (found,) = wanted([f"low=smallest:{conditions}"])
    assert (found.name, found.choice, found.selector) == ("low", "smallest", selector)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("low", "is not a tier"),
        ("", "is not a tier"),
        ("low=", "is not a tier"),
        ("low=:ram<4GiB", "is not a tier"),
        ("low=smallest", "has no condition"),
        ("low=smallest:", "has no condition"),
        ("2low=smallest:ram<4GiB", "cannot be the name"),
        ("lów=smallest:ram<4GiB", "cannot be the name"),
        ("a-b=smallest:ram<4GiB", "cannot be the name"),
        ("a#b=smallest:ram<4GiB", "cannot be the name"),
        ("other=winner:ram<4GiB", "'other' is Google Play's name"),
        ("Other=winner", "'other' is Google Play's name"),
        ("low=x:ram<4", "Unknown condition 'ram<4'"),
        ("low=x:ram=4GiB", "Unknown condition"),
        ("low=x:ram<4GiB,", "Unknown condition ''"),
        ("low=x:device=", "Unknown condition"),
        ("low=x:device=a/", "Unknown condition"),
        ("low=x:device=a/b/c", "Unknown condition"),
        ("low=x:device=a\x01", "Unknown condition"),
        ("low=x:soc=QTI", "Unknown condition"),
        ("low=x:cpu=8", "Unknown condition"),
        ("low=x:ram<0GiB", "No device has the memory"),
        ("low=x:ram>=4GiB,ram<4GiB", "No device has the memory"),
        ("low=x:ram>999999999GiB", "No device has the memory"),
    ],
)
def test_what_is_no_tier_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        wanted([text])
    assert caught.value.hint


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a=x:ram<4GiB", "a=y:ram<8GiB"], "'a' and 'a' have one name"),
        (["a=x:ram<4GiB", "A=y:ram<8GiB"], "'a' and 'A' have one name"),
        (["other=x", "other=y"], "have one name"),
        (["a=x:ram<4GiB", "b=y:ram<4GiB"], "No device falls into tier 'b'"),
        (["a=x:ram<8GiB", "b=y:ram<4GiB"], "match 'a' before it"),
        (["a=x:ram<8GiB", "b=y:ram<4GiB,device=google/redfin"], "match 'a' before it"),
        (["a=x:device=google", "b=y:device=google/redfin"], "match 'a' before it"),
        (["a=x:ram<4GiB", "b=x:ram>=4GiB", "c=y:soc=QTI/SM8750"], "match 'a', 'b' before it"),
        (["a=x:ram<4GiB", "b=x:ram>=3GiB,ram<6GiB", "c=y:ram>=2GiB,ram<5GiB"], "'a', 'b'"),
    ],
)
def test_tiers_that_no_device_reaches_are_refused(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wanted(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["b=y:ram<4GiB", "a=x:ram<8GiB"],
        ["a=x:ram<4GiB,device=google", "b=y:ram<4GiB"],
        ["a=x:device=google/redfin", "b=y:device=google"],
        ["a=x:ram<4GiB", "b=x:ram>=4GiB,ram<6GiB", "c=y:ram>=6GiB"],
        ["a=x:ram<3GiB", "b=x:ram>=4GiB", "c=y:ram<4GiB", "other=z"],
    ],
)
def test_tiers_may_overlap_where_their_order_tells(texts: list[str]) -> None:
    assert [each.name for each in wanted(texts)] == [text.partition("=")[0] for text in texts]
