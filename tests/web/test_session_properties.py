"""Nothing lost, doubled or out of order, whatever the hub and the network do.

The log is the truth. The hub may drop, double and reorder what it tells; the connection may be
cut at any frame. In the end every client shows exactly what the log holds.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.session_world import CID, LIMITS, Screen, answer, user_message
from web.conversation import frames as f
from web.conversation import session as s
from web.conversation.events import Committed, Delta, Done, Event, Replace, Typing, Unfinished
from web.conversation.models import StoredMessage

WORDS = st.text(alphabet="ab好👍é", min_size=1, max_size=7)


class Tab:
    """One client: its screen, its connection, and what is on the wire to it."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.screen = Screen()
        self.session: s.Session | None = None
        self.listening = False
        self.reads: list[int] = []
        self.wire: list[f.ServerFrame] = []
        self.count = 0

    def connect(self) -> None:
        self.cut()
        self.screen.connect()
        self.session = s.Session(LIMITS, 0.0)
        self.apply(self.session.receive(f.Hello(protocol=1, conversation_id=CID, token="t"), 0.0))

    def cut(self) -> None:
        """Frames that are still on the wire are lost."""
        self.session, self.listening = None, False
        self.reads.clear()
        self.wire.clear()

    def apply(self, outputs: list[s.Output]) -> None:
        assert self.session is not None
        for output in outputs:
            match output:
                case s.Send(frame):
                    self.wire.append(frame)
                case s.Authenticate():
                    self.apply(self.session.authenticated(len(self.world.log)))
                    self.apply(self.session.receive(f.Resume(last_seq=self.screen.last_seq), 0.0))
                    for client_id, text in list(self.screen.unacked.items()):
                        frame = f.Message(client_message_id=client_id, text=text)
                        self.apply(self.session.receive(frame, 0.0))
                case s.Subscribe():
                    self.listening = True
                    unfinished = self.world.unfinished()
                    self.session.subscribed(unfinished, typing=bool(unfinished))
                case s.ReadLog(after):
                    self.reads.append(after)
                case s.Submit(frame):
                    self.world.submit(self, frame)
                case _:
                    raise AssertionError(output)

    def say(self, text: str) -> None:
        assert self.session is not None
        self.count += 1
        client_id = f"{self.name}{self.count}"
        self.screen.unacked[client_id] = text
        frame = f.Message(client_message_id=client_id, text=text)
        self.apply(self.session.receive(frame, 0.0))

    def read_log(self, limit: int) -> None:
        """One pending read of the log is answered, with a page of at most ``limit``."""
        assert self.session is not None
        after = self.reads.pop(0)
        page = [m for m in self.world.log if m.seq > after][:limit]
        self.apply(self.session.page(page, len(self.world.log)))

    def receive(self, count: int) -> None:
        for _ in range(min(count, len(self.wire))):
            self.screen.read(self.wire.pop(0))


class World:
    """A conversation in two tabs, driven by steps."""

    def __init__(self) -> None:
        self.log: list[StoredMessage] = []
        self.writing: dict[str, list[str]] = {}
        self.unsaid: list[tuple[Tab, Event]] = []
        self.tabs = [Tab(self, "x"), Tab(self, "y")]
        for tab in self.tabs:
            tab.connect()
            tab.read_log(limit=1)

    def unfinished(self) -> list[Unfinished]:
        return [Unfinished(f"a-{u}", u, "".join(t)) for u, t in self.writing.items() if "".join(t)]

    def publish(self, event: Event) -> None:
        self.unsaid += [(tab, event) for tab in self.tabs if tab.listening]

    def submit(self, tab: Tab, frame: f.Message) -> None:
        assert tab.session is not None
        first = next((m for m in self.log if m.client_message_id == frame.client_message_id), None)
        if first is None:
            first = user_message(len(self.log) + 1, frame.client_message_id, frame.text)
            self.log.append(first)
            self.writing[first.id] = []
            self.publish(Committed(first))
            tab.apply(tab.session.accepted(first))
            return
        done = next((m for m in self.log if m.reply_to == first.id), None)
        tab.screen.retried.add(first.id)
        tab.apply(tab.session.accepted(first, done))

    def step(self, op: str, number: int, text: str) -> None:
        """One thing happens; ``number`` chooses where."""
        tab = self.tabs[number % 2]
        match op:
            case "connect" | "cut":
                self.unsaid = [(t, e) for t, e in self.unsaid if t is not tab]
                tab.connect() if op == "connect" else tab.cut()
            case "say" if tab.session is not None:
                tab.say(text)
            case "write" | "replace" | "finish" if self.writing:
                self._answer(op, sorted(self.writing)[number % len(self.writing)], text)
            case "type":
                self.publish(Typing(number % 4 < 2))
            case "tell" if self.unsaid:
                # Mostly the next event, sometimes a later one, sometimes twice.
                self._tell(max(0, number % 9 - 6) % len(self.unsaid), doubled=number % 5 == 0)
            case "forget" if self.unsaid:
                self.unsaid.pop(0)
            case "read" if tab.reads:
                tab.read_log(limit=number % 3 + 1)
            case "receive":
                tab.receive(number % 5 + 1)

    def _answer(self, op: str, user_id: str, text: str) -> None:
        pieces, message_id = self.writing[user_id], f"a-{user_id}"
        if op == "write":
            offset = len("".join(pieces))
            pieces.append(text)
            self.publish(Delta(message_id, user_id, offset, text))
        elif op == "replace":
            pieces[:] = [text]
            self.publish(Replace(message_id, user_id, text))
        else:
            done = answer(len(self.log) + 1, user_id, "".join(self.writing.pop(user_id)))
            self.log.append(done)
            self.publish(Done(done))

    def _tell(self, index: int, *, doubled: bool) -> None:
        tab, event = self.unsaid[index]
        if isinstance(event, Replace):
            # It starts its text anew, so it cannot be told apart from an older one.
            index = next(
                i
                for i, (t, e) in enumerate(self.unsaid)
                if t is tab and isinstance(e, Delta | Replace)
            )
            event, doubled = self.unsaid[index][1], False
        if not doubled:
            self.unsaid.pop(index)
        if tab.session is not None:
            tab.apply(tab.session.heard(event))

    def quiet(self) -> None:
        """All is told: no gap is left. Then every tab reconnects, and shows what the log holds."""
        for tab in self.tabs:
            for told, event in self.unsaid:
                if told is tab and tab.session is not None:
                    tab.apply(tab.session.heard(event))
            while tab.reads:
                tab.read_log(limit=2)
            tab.receive(10_000)
            if tab.session is not None:
                assert tab.screen.last_seq == max(tab.screen.order, default=0), "a gap"
        for tab in self.tabs:
            self.unsaid.clear()
            tab.connect()
            while tab.reads:
                tab.read_log(limit=2)
            for told, event in self.unsaid:
                if told is tab:
                    tab.apply(tab.session.heard(event))  # type: ignore[union-attr]
            while tab.reads:
                tab.read_log(limit=2)
            tab.receive(10_000)
        for tab in self.tabs:
            mine = [m for m in self.log if m.seq <= tab.screen.last_seq]
            assert tab.screen.live
            assert tab.screen.unacked == {}
            assert tab.screen.messages == {m.id: m.text for m in mine}
            assert sorted(tab.screen.order) == [m.seq for m in mine]
        assert self.tabs[1].screen.last_seq == len(self.log)
        for unfinished in self.unfinished():
            assert self.tabs[1].screen.partial[unfinished.message_id] == unfinished.text


OPS = ["tell"] * 8 + ["write"] * 5 + ["receive"] * 4 + ["read"] * 4 + ["say"] * 3 + ["finish"] * 2
OPS += ["replace", "type", "connect", "cut", "forget"]
STEPS = st.lists(
    st.tuples(st.sampled_from(OPS), st.integers(0, 999), WORDS), min_size=30, max_size=120
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_nothing_is_lost_doubled_or_out_of_order(steps: list[tuple[str, int, str]]) -> None:
    world = World()
    for step in steps:
        world.step(*step)
        for tab in world.tabs:
            assert len(tab.screen.order) == len(set(tab.screen.order))
    world.quiet()
