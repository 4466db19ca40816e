"""Who may use the compatible ends, and whose conversations a key reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from web.app import create_app
from web.conversation import ids
from web.errors import ConversationNotFound, OriginRefused, Unauthorized
from web.security.api_keys import ApiKeys, Caller, UnsafeApiSettings, is_loopback
from web.settings import Settings

KEY = "a-key-that-is-long-enough"


def connection(
    *, peer: str | None = "127.0.0.1", host: str = "127.0.0.1:8080", **headers: str
) -> HTTPConnection:
    raw = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPConnection(
        {
            "type": "http",
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in raw.items()],
            "client": (peer, 50000) if peer else None,
        }
    )


def keys(*values: str, open_api: bool = False, host: str = "127.0.0.1") -> ApiKeys:
    return ApiKeys(map(SecretStr, values), open_api=open_api, host=host)


def test_the_right_key_is_taken_from_anywhere_and_no_other() -> None:
    guarded = keys("another-key-of-sixteen", KEY)
    found = guarded.caller(connection(peer="203.0.113.9", authorization=f"Bearer {KEY}"))
    assert found == guarded.caller(connection(authorization=f"bearer  {KEY} "))
    for wrong in ("", "Bearer", f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", "Bearer é"):
        with pytest.raises(Unauthorized) as caught:
            guarded.caller(connection(authorization=wrong))
        assert "GRAPEVINE_API_KEYS" in caught.value.problem()["remedy"]


def test_without_keys_the_ends_are_closed_to_this_machine_too() -> None:
    with pytest.raises(Unauthorized, match="No keys are set up"):
        keys().caller(connection())


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080"])
def test_open_ends_serve_programs_of_this_machine_with_whatever_key(peer: str, host: str) -> None:
    opened = keys(open_api=True)
    assert opened.caller(connection(peer=peer, host=host, authorization="Bearer none"))
    assert opened.caller(connection(peer=peer, host=host, origin="http://localhost:3000"))


@pytest.mark.parametrize("peer", ["10.0.0.5", "192.168.1.2", "203.0.113.9", "::ffff:8.8.8.8", None])
def test_open_ends_check_the_peer_whatever_the_settings_say(peer: str | None) -> None:
    with pytest.raises(Unauthorized):
        keys(open_api=True).caller(connection(peer=peer))


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "x_real_ip", "via"])
def test_a_proxy_on_this_machine_speaks_for_strangers(header: str) -> None:
    with pytest.raises(Unauthorized, match="proxy"):
        keys(open_api=True).caller(connection(**{header: "127.0.0.1"}))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", "", "[", "a@b"])
def test_a_name_that_was_pointed_at_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Unauthorized):
        keys(open_api=True).caller(connection(host=host))


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_foreign_pages_cannot_use_open_ends(origin: str) -> None:
    with pytest.raises(OriginRefused):
        keys(open_api=True).caller(connection(origin=origin))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "chat.example.com", ""])
def test_open_ends_beyond_this_machine_do_not_start(host: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeApiSettings, match="GRAPEVINE_OPEN_API=false"):
        keys(open_api=True, host=host)
    settings = Settings(data_dir=tmp_path, open_api=True, host=host)
    with pytest.raises(UnsafeApiSettings):
        create_app(settings)


def test_a_key_that_can_be_guessed_does_not_start() -> None:
    for short in ("", "hunter2", "x" * 15):
        with pytest.raises(UnsafeApiSettings) as caught:
            keys(KEY, short)
        assert short == "" or short not in str(caught.value)


def test_what_is_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.255.0.1", "::1", "[::1]")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "::", "example.com", "128.0.0.1", "1")))


callers = st.binary(min_size=1, max_size=8).map(Caller)


@given(callers, callers, st.none() | st.text())
def test_a_conversation_is_reached_by_the_caller_who_started_it_alone(
    one: Caller, other: Caller, retry_key: str | None
) -> None:
    made = one.new_conversation(retry_key)
    assert one.check_conversation(made) == made
    assert (one.new_conversation(retry_key) == made) == (retry_key is not None)
    if one != other:
        with pytest.raises(ConversationNotFound):
            other.check_conversation(made)
        assert other.new_conversation(retry_key) != made
        assert one.name != other.name


@given(callers, st.text() | st.from_regex(r"\A[kc]-[A-Za-z0-9_=-]{0,60}\Z"))
def test_made_up_ids_reach_nothing(caller: Caller, made_up: str) -> None:
    with pytest.raises(ConversationNotFound):
        caller.check_conversation(made_up)


@given(callers, st.text(), st.text())
def test_a_sender_has_one_conversation_on_each_channel(caller: Caller, a: str, b: str) -> None:
    assert (caller.conversation_of("rasa-rest", a) == caller.conversation_of("rasa-rest", b)) == (
        a == b
    )
    assert caller.conversation_of("rasa-rest", a) != caller.conversation_of("other", a)
    with pytest.raises(ConversationNotFound):
        caller.check_conversation(caller.conversation_of("rasa-rest", a))


def test_visitors_conversations_are_out_of_reach() -> None:
    caller = keys(KEY).caller(connection(authorization=f"Bearer {KEY}"))
    visitors = ids.conversation_id()
    with pytest.raises(ConversationNotFound):
        caller.check_conversation(visitors)
    assert caller.conversation_of("rasa-rest", visitors) != visitors


def test_a_caller_does_not_print_its_namespace() -> None:
    caller = keys(KEY).caller(connection(authorization=f"Bearer {KEY}"))
    assert caller.namespace.hex()[:8] not in repr(caller)
    assert repr(caller) == "Caller()"
