"""The key is checked before it is used, and never shown."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.console_api import KeyProblem, checked_key
from reconciler.redactor import Redactor, without_keys

SECRET = "s3cret0123456789"
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=6, max_size=60).map("console-".__add__)


def test_a_good_key_is_taken_as_it_is() -> None:
    assert checked_key(f"console-{SECRET}", "KEY") == f"console-{SECRET}"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "is not set"),
        ("", "is empty"),
        (f"console-{SECRET}\n", "white space"),
        (f" console-{SECRET}", "white space"),
        (f"console-{SECRET} x", "white space"),
        (f"console-{SECRET}é", "not printable ASCII"),
        (f"console-{SECRET}\0", "not printable ASCII"),
        (f"console-{SECRET}\x7f", "not printable ASCII"),
        (f"secret-{SECRET}", "console-"),
        (f"Console-{SECRET}", "console-"),
        ("console-", "console-"),
    ],
)
def test_a_bad_key_is_refused_by_its_variable_and_not_shown(value: str | None, says: str) -> None:
    with pytest.raises(KeyProblem) as caught:
        checked_key(value, "MY_KEY")
    told = caught.value.message + caught.value.hint + repr(caught.value)
    assert says in caught.value.message
    assert "MY_KEY" in caught.value.message
    assert SECRET not in told


@given(KEYS, st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_the_key_is_struck_out_however_it_is_escaped(key: str, before: str, after: str) -> None:
    secret = key.removeprefix("console-")
    hexed = "".join(f"\\u00{ord(char):02X}" for char in key)
    spellings = [key, key.upper(), json.dumps(key), json.dumps(json.dumps(key)), quote(key, safe=""), hexed]
    for spelling in spellings:
        said = Redactor(key)(before + "<" + spelling + ">" + after)
        core = spelling.strip('"\\')
        assert core not in said
        assert secret not in said.removeprefix(before).removesuffix(after)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Target production is readonly", "Target production is readonly"),
        ("console-prod", "console-prod"),
        ("production-eu-west", "console-***"),
        ("cut off: console-production…", "cut off: console-***…"),
        ("cut off: production-eu-wes…", "cut off: console-***…"),
        ("CONSOLE-PRODUCTION-EU-WEST", "console-***"),
    ],
)
def test_a_key_that_was_made_up_of_words_strikes_out_no_word(text: str, shown: str) -> None:
    assert Redactor("console-production-eu-west", "console-readonly")(text) == shown


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_other_texts_are_left_alone(text: str) -> None:
    assert Redactor("console-aVeryLongKeyIndeed0123456789")(text) == text


def test_other_keys_are_struck_out_too() -> None:
    said = without_keys("Key: console-abcdef0123456789, try another")
    assert said == "Key: console-***, try another"
