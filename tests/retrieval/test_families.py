from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.families import Families
from retrieval.types import Lang

MEMBERS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["en", "zh"])), max_size=12)


@given(MEMBERS, st.data())
def test_it_is_what_counting_anew_would_give(
    members: list[tuple[str, Lang]], data: st.DataObject
) -> None:
    families, left = Families(), list(members)
    for family, lang in members:
        families.add(family, lang)
    for member in data.draw(st.permutations(members))[: len(members) // 2]:
        families.remove(*member)
        left.remove(member)
    by_family = [{lang for name, lang in left if name == family} for family in "abc"]
    for lang in ("en", "zh"):
        assert families.some_lack(lang) == any(some and lang not in some for some in by_family)
