"""Several keys in one setting, and keys that are remembered."""

from base64 import b64encode
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.errors import KekError, KekUnreachable
from reseal.kek import open_kek
from reseal.kek.refusal import does_not_open
from reseal.kek.remembered import RememberedKek
from reseal.kek.several import SeveralKeks

MATERIAL = b"material-of-a-data-key-32-bytes!"
CONTEXT = b"data-key/1"
VARIABLES = {name: b64encode(name[:1].encode() * 32).decode() for name in ("NEW", "OLD", "WRONG")}


class ServiceKek:
    """A fake: a provider that seals nothing, counts what it is asked and fails when told to."""

    def __init__(self, uri: str, fails: KekError | None = None) -> None:
        self.uri = uri
        self.fails = fails
        self.calls: Counter[str] = Counter()

    def wrap(self, material: bytes, context: bytes) -> bytes:
        self.calls["wrap"] += 1
        return self._prefix(context) + material

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.calls["unwrap"] += 1
        if self.fails:
            raise self.fails
        if not wrapped.startswith(self._prefix(context)):
            raise does_not_open(self.uri)
        return wrapped.removeprefix(self._prefix(context))

    def _prefix(self, context: bytes) -> bytes:
        return f"fake {self.uri} ".encode() + context


def remembering(uri: str) -> tuple[ServiceKek, RememberedKek, dict[bytes, bytes]]:
    service, known = ServiceKek(uri), dict[bytes, bytes]()
    return service, RememberedKek(service, known), known


def opened(text: str, known: dict[bytes, bytes] | None = None):
    return open_kek(text, VARIABLES, known)


def test_the_first_key_wraps_and_both_unwrap():
    new, old, both = opened("env:NEW"), opened("env:OLD"), opened("env:NEW env:OLD")

    assert new.unwrap(both.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert both.unwrap(old.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert both.unwrap(new.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert both.uri == "env:NEW"


@pytest.mark.parametrize("text", ["env:NEW\tenv:OLD", " env:NEW\n  env:OLD \n"])
def test_any_white_space_stands_between_them(text):
    wrapped = opened("env:OLD").wrap(MATERIAL, CONTEXT)

    assert opened(text).unwrap(wrapped, CONTEXT) == MATERIAL


def test_one_key_with_white_space_around_it_is_one_key():
    assert opened(" env:NEW\n").uri == "env:NEW"
    assert not isinstance(opened(" env:NEW\n"), SeveralKeks)


def test_where_none_opens_all_are_named():
    wrapped = opened("env:WRONG").wrap(MATERIAL, CONTEXT)

    with pytest.raises(KekError) as caught:
        opened("env:NEW env:OLD").unwrap(wrapped, CONTEXT)
    said = str(caught.value)
    assert said.startswith("none of the key-encryption keys that are named opens a data key: ")
    assert "env:NEW does not open" in said
    assert "env:OLD does not open" in said
    assert caught.value.__context__ is None


@pytest.mark.parametrize("text", ["env:NEW env:MISSING", "env:NEW rot13:OLD", "env:NEW OLD"])
def test_a_key_that_cannot_be_opened_is_not_passed_over(text):
    with pytest.raises(KekError):
        opened(text)


def test_one_that_does_not_answer_is_said_where_no_other_opens():
    away = ServiceKek("awskms:away", KekUnreachable("the key awskms:away does not answer"))
    wrapped = opened("env:OLD").wrap(MATERIAL, CONTEXT)

    assert SeveralKeks([away, opened("env:OLD")]).unwrap(wrapped, CONTEXT) == MATERIAL
    for keks in ([away, opened("env:NEW")], [opened("env:NEW"), away]):
        with pytest.raises(KekUnreachable, match="awskms:away does not answer") as caught:
            SeveralKeks(keks).unwrap(wrapped, CONTEXT)
        assert caught.value.__context__ is None


def test_a_service_is_asked_once_for_a_key():
    service, kek, known = remembering("awskms:a")
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    assert [kek.unwrap(wrapped, CONTEXT) for _ in range(3)] == [MATERIAL] * 3
    assert RememberedKek(ServiceKek("awskms:a"), dict(known)).unwrap(wrapped, CONTEXT) == MATERIAL
    assert service.calls == {"wrap": 1, "unwrap": 1}
    kek.wrap(MATERIAL, CONTEXT)
    assert service.calls["wrap"] == 2


def test_what_is_remembered_is_bound_to_key_context_and_bytes():
    _, kek, known = remembering("awskms:a")
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    kek.unwrap(wrapped, CONTEXT)

    for other, bound, text in (
        (kek, b"data-key/2", wrapped),
        (kek, CONTEXT, b"x" + wrapped),
        (RememberedKek(ServiceKek("awskms:b"), known), CONTEXT, wrapped),
    ):
        with pytest.raises(KekError, match="does not open the stored data keys"):
            other.unwrap(text, bound)
    assert len(known) == 1


@given(st.binary(min_size=1, max_size=8), st.data())
def test_context_and_bytes_are_told_apart_wherever_one_ends(text, data):
    cuts = data.draw(st.permutations(range(len(text) + 1)))[:2]
    pairs = [(text[:cut], text[cut:]) for cut in cuts]
    service, kek, known = remembering("awskms:a")
    service._prefix = lambda context: b""  # type: ignore[method-assign]

    assert [kek.unwrap(wrapped, bound) for bound, wrapped in pairs] == [w for _, w in pairs]
    assert service.calls["unwrap"] == len(known) == 2


def test_what_failed_is_asked_again():
    service = ServiceKek("awskms:a", KekUnreachable("the key awskms:a does not answer"))
    kek = RememberedKek(service, {})
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    with pytest.raises(KekUnreachable):
        kek.unwrap(wrapped, CONTEXT)
    service.fails = None
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


@pytest.mark.parametrize(
    ("uri", "is_remembered"),
    [
        ("env:NEW", False),
        ("awskms:alias/reseal", True),
        ("pkcs11:token=a;object=b?module-path=/m", True),
    ],
)
def test_only_keys_of_services_and_devices_are_remembered(uri, is_remembered):
    assert isinstance(opened(uri, {}), RememberedKek) == is_remembered
    assert not isinstance(opened(uri), RememberedKek)
    assert opened(uri, {}).uri == uri


def test_a_key_that_was_exchanged_in_the_environment_is_noticed():
    known: dict[bytes, bytes] = {}
    wrapped = opened("env:NEW", known).wrap(MATERIAL, CONTEXT)
    opened("env:NEW", known).unwrap(wrapped, CONTEXT)

    with pytest.raises(KekError, match="does not open"):
        open_kek("env:NEW", {"NEW": VARIABLES["OLD"]}, known).unwrap(wrapped, CONTEXT)


def test_neither_shows_more_than_uris():
    kek = RememberedKek(ServiceKek("awskms:a"), {})
    kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT)

    assert repr(kek) == "RememberedKek('awskms:a')"
    assert repr(SeveralKeks([kek, opened("env:OLD")])) == "SeveralKeks('awskms:a', 'env:OLD')"
