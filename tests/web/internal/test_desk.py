"""The order desk: who is told what, and how often one may guess."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from knowledge.database import metadata, open_engine
from web.internal.attempts import Limits, order_attempts
from web.internal.desk import OrderDesk
from web.internal.orders import demo_orders, is_email, is_order_number

NOON = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    metadata.create_all(engine, tables=[order_attempts])
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(engine: Engine, clock: Clock) -> OrderDesk:
    return OrderDesk(engine, limits=Limits(3, 5, 900.0), clock=clock)


def test_every_demo_order_is_told_in_both_languages(desk: OrderDesk) -> None:
    orders = demo_orders()
    assert len(orders) == 12
    assert len({o.status for o in orders.values()}) == 7
    for order in orders.values():
        assert is_order_number(order.number)
        assert is_email(order.email)
        for lang in ("en", "zh"):
            said = desk.look_up("c", order.number, order.email, lang)
            assert order.number in said
            assert order.items[lang] in said
            assert "None" not in said
            assert (order.tracking or "") in said


def test_days_follow_today(desk: OrderDesk, clock: Clock) -> None:
    first = desk.look_up("c", "TW-10442", "anna@example.com", "en")
    clock.now += 86_400
    assert desk.look_up("c", "TW-10442", "anna@example.com", "en") != first


def test_the_address_is_read_generously(desk: OrderDesk) -> None:
    assert "DHL" in desk.look_up("c", "TW-10442", " Anna@Example.COM ", "en")


def test_wrong_number_and_wrong_address_sound_the_same(desk: OrderDesk) -> None:
    answers = {
        desk.look_up("a", "TW-99999", "anna@example.com", "en"),
        desk.look_up("b", "TW-10442", "eve@example.com", "en"),
        desk.look_up("d", "nonsense", "eve@example.com", "en"),
        desk.look_up("e", "TW-99999", "", "en"),
    }
    assert len(answers) == 1


def test_a_conversation_has_three_tries(desk: OrderDesk, clock: Clock) -> None:
    for n in range(3):
        said = desk.look_up("c", f"TW-9999{n}", "eve@example.com", "en")
        assert "no order with this number" in said
    locked = desk.look_up("c", "TW-10442", "anna@example.com", "en")
    assert "about 15 minutes" in locked
    clock.now += 600
    assert "about 5 minutes" in desk.look_up("c", "TW-10442", "anna@example.com", "en")
    assert "约 5 分钟" in desk.look_up("c", "TW-10442", "anna@example.com", "zh")
    clock.now += 301
    assert "DHL" in desk.look_up("c", "TW-10442", "anna@example.com", "en")


def test_an_order_has_five_tries_from_anywhere(desk: OrderDesk) -> None:
    for n in range(5):
        desk.look_up(f"c{n}", "TW-10442", f"eve{n}@example.com", "en")
    assert "too many tries" in desk.look_up("fresh", "TW-10442", "anna@example.com", "en")
    assert "Mesh" in desk.look_up("fresh", "TW-10471", "carla.m@example.net", "en")


def test_right_answers_do_not_count(desk: OrderDesk, engine: Engine) -> None:
    for _ in range(20):
        assert "DHL" in desk.look_up("c", "TW-10442", "anna@example.com", "en")
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(order_attempts)).scalar_one() == 0


def test_a_restart_forgets_nothing(desk: OrderDesk, engine: Engine, clock: Clock) -> None:
    for n in range(3):
        desk.look_up("c", f"TW-9999{n}", "eve@example.com", "en")
    again = OrderDesk(engine, limits=Limits(3, 5, 900.0), clock=clock)
    assert "too many tries" in again.look_up("c", "TW-10442", "anna@example.com", "en")


def test_tries_at_once_do_not_slip_through(desk: OrderDesk) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = list(
            pool.map(lambda n: desk.look_up("c", "TW-10442", f"e{n}@example.com", "en"), range(24))
        )
    assert sum("no order with this number" in s for s in said) == 3


@pytest.mark.slow
def test_on_postgres(postgres_url: str, clock: Clock) -> None:
    engine = open_engine(postgres_url)
    metadata.create_all(engine, tables=[order_attempts])
    desk = OrderDesk(engine, limits=Limits(2, 5, 900.0), clock=clock)
    for n in range(2):
        assert "no order" in desk.look_up("c", "TW-10442", f"eve{n}@example.com", "en")
    assert "too many tries" in desk.look_up("c", "TW-10442", "anna@example.com", "en")
    engine.dispose()


@pytest.mark.parametrize(
    ("value", "valid"),
    [("TW-10442", True), ("TW-1044", False), ("TW-104421", False), ("tw-10442", False),
     ("TW-10442\n", False), (None, False), (["TW-10442"], False), (10442, False)],
)  # fmt: skip
def test_order_numbers(value: object, valid: bool) -> None:
    assert is_order_number(value) is valid


@pytest.mark.parametrize(
    ("value", "valid"),
    [("a@b.cd", True), ("anna.b+x@mail.example.com", True), ("a@b", False), ("a b@c.de", False),
     ("@c.de", False), ("a@b.cd ", False), ("x" * 250 + "@b.cd", False), (None, False)],
)  # fmt: skip
def test_addresses(value: object, valid: bool) -> None:
    assert is_email(value) is valid
