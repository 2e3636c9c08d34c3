"""Judge what a place holds, from what its values look like and what its names say."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reseal.discover.hints import Hint
from reseal.discover.kinds import Kind
from reseal.discover.sample import Tally


class What(StrEnum):
    """What a place is found to hold."""

    SECRET = "totp secret"
    OTPAUTH = "otpauth uri"
    QR = "qr image"
    CODES = "recovery codes"
    ENVELOPE = "envelope"
    FOREIGN = "foreign"


class Confidence(StrEnum):
    """How sure that is."""

    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the values are; `format` is the word for reseal.toml, None where none would do."""

    what: What
    format: str | None
    confidence: Confidence
    sampled: int
    matching: int


MOST = 0.8
SOME = 0.2
# Fewer values without a hint in the names say nothing.
FEW = 2

_FORMATS = {
    "base32": (Kind.BASE32, Kind.EITHER, Kind.ODD_BASE32),
    "hex": (Kind.HEX, Kind.EITHER, Kind.ODD_HEX),
    "bytes": (Kind.RAW,),
    "text": (Kind.OPAQUE, Kind.BASE32, Kind.HEX, Kind.EITHER, Kind.ODD_BASE32, Kind.ODD_HEX),
}
_USUAL = {
    "base32": (Kind.BASE32, Kind.EITHER),
    "hex": (Kind.HEX, Kind.EITHER),
}
_CODES = (Kind.TOKEN, Kind.CODES, *_FORMATS["text"])
_FOREIGN = (Kind.FOREIGN, Kind.FOREIGN_IN_PARTS)
_SINGLE = frozenset({Kind.ENVELOPE, Kind.DOCUMENT})


def judge(tally: Tally, hint: Hint, *, is_list: bool, is_bytes: bool) -> list[Verdict]:
    """Say what the values of one place are; mostly nothing of interest.

    `is_list`: they are elements of an array, so that there can be many to a row.
    """
    return list(_Judge(tally, hint, is_list, is_bytes).verdicts())


@dataclass(frozen=True, slots=True)
class _Judge:
    tally: Tally
    hint: Hint
    is_list: bool
    is_bytes: bool

    def verdicts(self) -> Iterator[Verdict]:
        found = self.tally.found
        if found[Kind.ENVELOPE]:
            yield self._verdict(What.ENVELOPE, None, found[Kind.ENVELOPE])
        if found[Kind.OTPAUTH]:
            yield self._verdict(What.OTPAUTH, "otpauth", found[Kind.OTPAUTH])
        yield from filter(None, [self._image(), self._codes() or self._secret(), self._foreign()])

    @property
    def others(self) -> int:
        """All values but those that are judged each by itself."""
        found = self.tally.found
        return found.total() - sum(found[kind] for kind in (*_SINGLE, Kind.OTPAUTH))

    def _image(self) -> Verdict | None:
        images = self.tally.found[Kind.IMAGE]
        if not (images and self.hint.picture and images >= SOME * self.others):
            return None
        return self._verdict(What.QR, "bytes" if self.is_bytes else "text", images)

    def _codes(self) -> Verdict | None:
        is_secret = self.hint.weak and not self.is_list
        if not self.hint.spare or is_secret or not self._are(_CODES):
            return None
        return self._verdict(What.CODES, "text", self._matching(_CODES))

    def _secret(self) -> Verdict | None:
        # Of two that fit equally the first is meant: base32 is what most applications write.
        fitting = {name: self._matching(kinds) for name, kinds in _FORMATS.items()}
        best = max(("base32", "hex", "bytes"), key=lambda name: fitting[name])
        if self.hint.strong and not self._are(_FORMATS[best]) and self._are_opaque():
            best = "text"
        confidence = self._confidence(best) if fitting[best] else None
        if confidence is None:
            return None
        return self._verdict(What.SECRET, best, fitting[best], confidence)

    def _confidence(self, name: str) -> Confidence | None:
        fits = self._are(_FORMATS[name], distinct=False)
        if self.hint.strong:
            is_enough = self._matching(_FORMATS[name]) >= max(SOME * self.others, 1)
            return Confidence.LIKELY if fits else Confidence.POSSIBLE if is_enough else None
        usual = _USUAL.get(name, ())
        if self.hint.other or not usual or not self._are(usual):
            return None
        if name == "base32" and self.hint.weak:
            return Confidence.LIKELY
        return Confidence.POSSIBLE if self._matching(usual) >= FEW else None

    def _are_opaque(self) -> bool:
        return self._are(_FORMATS["text"])

    def _foreign(self) -> Verdict | None:
        hint = self.hint
        if not (hint.strong or hint.spare) or not self._are(_FOREIGN, distinct=False):
            return None
        return self._verdict(What.FOREIGN, None, self._matching(_FOREIGN))

    def _are(self, kinds: tuple[Kind, ...], *, distinct: bool = True) -> bool:
        """Say whether most values are of these kinds and, if that matters, nearly all differ."""
        matching = self._matching(kinds)
        several = sum(self.tally.several[kind] for kind in kinds)
        is_most = matching > 0 and matching >= MOST * self.others
        return is_most and (not distinct or several >= 0.9 * matching)

    def _matching(self, kinds: tuple[Kind, ...]) -> int:
        return sum(self.tally.found[kind] for kind in kinds)

    def _verdict(
        self,
        what: What,
        format_name: str | None,
        matching: int,
        confidence: Confidence = Confidence.LIKELY,
    ) -> Verdict:
        return Verdict(what, format_name, confidence, self.tally.found.total(), matching)
