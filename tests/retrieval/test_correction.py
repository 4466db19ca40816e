"""A correction keeps orders and sums, and is learnt from many judgements and hardly from a few."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.calibration import shares
from retrieval.correction import Correction, corrected, whole_of
from retrieval.refit import Judgement, Prior, Source, fit, held_out
from retrieval.types import Evidence, Ranked

CORRECTIONS = st.builds(Correction, st.floats(0.25, 4.0), st.floats(-5.0, 5.0))
UTILITIES = st.lists(st.floats(-12, 12), min_size=1, max_size=10)


def evidence(p: list[float], none: float | None = None, **features: float) -> Evidence:
    ranked = tuple(Ranked(str(n), 1, "en", one, one) for n, one in enumerate(p))
    some = {} if none is None else {"none": none, "margin": 0.0}
    return Evidence("t", "t", "en", ranked, some | features)


@given(UTILITIES, st.floats(-12, 12), CORRECTIONS, st.integers(0, 3))
def test_order_and_sum_are_kept(
    utilities: list[float], outside: float, correction: Correction, cut: int
) -> None:
    p = np.sort(shares(utilities, outside))[::-1]
    none = max(0.0, 1.0 - float(p.sum()))
    shown = p[: max(1, len(p) - cut)]  # the last of a ranking are not always known
    after, after_none = correction.apply(shown, none)
    assert np.all((after >= 0) & (after <= 1))
    assert 0 <= after_none <= 1
    assert after.sum() + after_none <= 1 + 1e-9
    assert np.all(np.diff(after) <= 0)


@given(UTILITIES, st.floats(-12, 12))
def test_one_and_nought_change_nothing(utilities: list[float], outside: float) -> None:
    p = np.sort(shares(utilities, outside))[::-1]
    none = max(0.0, 1.0 - float(p.sum()))
    found = evidence(p.tolist(), none)
    assert corrected(found, Correction()) is found
    # Nor does what is as good as these two, by the formula itself.
    after, after_none = Correction(1.0, 1e-12).apply(p, none)
    assert after == pytest.approx(p, abs=1e-5)
    assert after_none == pytest.approx(none, abs=1e-5)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5), CORRECTIONS)
def test_what_is_no_whole_is_corrected_one_by_one(p: list[float], correction: Correction) -> None:
    for found in (evidence(p), evidence(p, 0.1, parts=2.0)):
        assert whole_of(found) is None
        after = [one.p for one in corrected(found, correction).ranked]
        assert all(0 <= one <= 1 for one in after)
        for n, one in enumerate(p):
            for m, other in enumerate(p):
                assert one < other or after[n] >= after[m]


def test_a_correction_is_the_scale_and_shift_of_utilities() -> None:
    utilities, outside = [2.0, 0.5, -1.0], 0.3
    p = shares(utilities, outside)
    after, none = Correction(1.7, -0.4).apply(p, 1.0 - float(p.sum()))
    wanted = shares(np.array(utilities) * 1.7, outside * 1.7 - 0.4)
    assert after == pytest.approx(wanted)
    assert none == pytest.approx(1 - wanted.sum())


def test_evidence_tells_the_corrected_margin_and_none() -> None:
    found = evidence([0.5, 0.2], 0.3, words=4.0)
    after = corrected(found, Correction(1.0, 1.0))
    assert after.features["none"] == pytest.approx(0.3 * math.e / (0.7 + 0.3 * math.e))
    assert after.features["margin"] == pytest.approx(after.ranked[0].p - after.ranked[1].p)
    assert after.features["words"] == 4.0
    assert [one.score for one in after.ranked] == [one.score for one in found.ranked]


@pytest.mark.parametrize(("scale", "shift"), [(0.0, 0.0), (-1.0, 0.0), (5.0, 0.0), (1.0, 6.0)])
def test_out_of_bounds_is_refused(scale: float, shift: float) -> None:
    with pytest.raises(ValueError, match="a scale lies between"):
        Correction(scale, shift)


def planted(
    truth: Correction, count: int, seed: int, source: Source = "verdict", readier: float = 1.0
) -> list[Judgement]:
    """Judged first entries whose true probabilities are corrected ones; what is wrong comes up
    ``readier`` times as readily."""
    rng = np.random.default_rng(seed)
    found: list[Judgement] = []
    while len(found) < count:
        p = np.sort(shares(rng.normal(0.0, 2.0, 3), rng.normal(1.0, 2.0)))[::-1]
        none = 1.0 - float(p.sum())
        right = rng.random() < truth.apply(p, none)[0][0]
        if not right or rng.random() < 1 / readier:
            said = Judgement(tuple(p), none, (0,), "right" if right else "wrong", source)
            found.append(said)
    return found


@pytest.mark.parametrize("truth", [Correction(1.6, 0.8), Correction(0.6, -0.7), Correction()])
def test_many_judgements_find_what_was_planted(truth: Correction) -> None:
    found = fit(planted(truth, 3000, 1)).correction
    assert found.scale == pytest.approx(truth.scale, rel=0.15)
    assert found.shift == pytest.approx(truth.shift, abs=0.2)


def test_a_handful_hardly_moves_anything() -> None:
    for seed in range(5):
        found = fit(planted(Correction(1.6, 0.8), 5, seed)).correction
        assert found.scale == pytest.approx(1.0, abs=0.15)
        assert found.shift == pytest.approx(0.0, abs=0.4)
    assert fit([]).correction == Correction()


def test_a_handful_of_thumbs_down_does_not_silence_the_bot() -> None:
    down = [Judgement((0.8, 0.05), 0.1, (0,), "wrong", "thumb", 0.5)] * 5
    after, _ = fit(down).correction.apply([0.8, 0.05], 0.1)
    assert 0.7 < after[0] < 0.8


def test_verdicts_move_more_than_as_many_thumbs() -> None:
    shifts = []
    for source in ("verdict", "thumb"):
        said = [Judgement((0.8,), 0.2, (0,), "wrong", source)] * 20  # type: ignore[arg-type]
        shifts.append(fit(said).correction.shift)
    assert shifts[0] > 1.5 * shifts[1] > 0


def test_the_cross_teach_the_scale_and_little_of_the_level() -> None:
    """Thumbs on wrong answers come three times as readily: taken for a sample, they would shift."""
    said = planted(Correction(), 2000, 3, "thumb", readier=3.0)
    found = fit(said)
    taken_for_a_sample = fit(said, Prior(bias_mean=0.0, bias=1e-3)).correction
    assert found.bias == pytest.approx(math.log(3), abs=0.5)
    assert abs(found.correction.shift) < abs(taken_for_a_sample.shift) / 2
    assert found.correction.scale == pytest.approx(1.0, abs=0.2)


def test_verdicts_on_refusals_and_gaps_shift_the_outside_option() -> None:
    def shift(named: tuple[int, ...], verdict: str) -> float:
        said = Judgement((0.4, 0.1), 0.5, named, verdict)  # type: ignore[arg-type]
        return fit([said] * 30).correction.shift

    assert shift((), "right") > 0.2
    assert shift((), "wrong") < -0.2
    assert shift((0,), "not-covered") > 0.2
    assert shift((0,), "right") < -0.2
    assert shift((0, 1), "wrong") > 0.2


@pytest.mark.parametrize(
    ("named", "verdict", "held"),
    [
        ((0,), "right", True),
        ((0,), "wrong", False),
        ((0,), "not-covered", False),
        ((), "right", True),
        ((), "wrong", False),
        ((), "not-covered", True),
    ],
)
def test_whether_a_reply_was_right(named: tuple[int, ...], verdict: str, held: bool) -> None:
    one = Judgement((0.6, 0.1), 0.25, named, verdict)  # type: ignore[arg-type]
    assert one.held is held
    assert one.stated(Correction()) == pytest.approx(0.6 if named else 0.25)


def test_what_is_held_out_is_judged_by_the_others() -> None:
    said = [Judgement((0.8,), 0.2, (0,), "wrong")] * 4 + [Judgement((0.8,), 0.2, (0,), "right")]
    found = held_out(said)
    assert found[4] == fit(said[:4]).correction
    assert found[0] == fit(said[1:]).correction
    assert found[4].shift > found[0].shift


def test_certainty_does_not_break_the_fit() -> None:
    said = [Judgement((1.0, 0.0), 0.0, (0,), "wrong"), Judgement((0.0,), 1.0, (0,), "right")]
    found = fit(said * 50).correction
    assert math.isfinite(found.scale)
    assert math.isfinite(found.shift)
