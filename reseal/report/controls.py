"""Controls of three standards: what is asked, what a run shows of it, and what it does not.

The requirements are in our own words: AICPA Trust Services Criteria 2017 with the points of
focus of 2022, PCI DSS 4.0.1, ISO/IEC 27001:2022 Annex A.
"""

from collections.abc import Callable
from typing import NamedTuple

from reseal.report import shown, words
from reseal.report.facts import Facts
from reseal.report.table import Cell, Table, Tone

SOC, PCI, ISO = "SOC 2", "PCI DSS 4.0.1", "ISO/IEC 27001:2022"

NOTE = (
    "PCI DSS 3.6 and 3.7 are written for keys that protect stored account data, which MFA secrets "
    "are not; 8.3.2 is the one that speaks of authentication factors. 3.7.8 and 3.7.9 are about "
    "people and contracts, of which a run shows nothing. What applies, and whether it is met, is "
    "for the assessor to say, by the text of the standards."
)


class Control(NamedTuple):
    """A requirement, what a run shows of it, what no run shows, and where the record has it."""

    standard: str
    number: str
    asks: str
    shows: Callable[[Facts], str]
    silent: str
    where: str


CONTROLS = (
    Control(
        SOC, "CC6.1 (encryption)",
        "Access to protected information is limited by technical means; what is stored is "
        "encrypted where the risk calls for it.",
        shown.factors,
        "who may log in to the database, the network around it, and other columns",
        "Rows, Validation, Guard; manifest: fields, validation, guard",
    ),
    Control(
        SOC, "CC6.1 (keys)",
        "Keys are protected while they are made, kept, used and destroyed.",
        shown.wrapping,
        "who can reach the key-encryption key where it is kept",
        "Keys; manifest: keys, audit",
    ),
    Control(
        PCI, "8.3.2",
        "Authentication factors are unreadable, by strong cryptography, where they are stored "
        "and on their way.",
        shown.factors,
        "the way between application and database, and factors of other kinds",
        "Rows, Validation; manifest: fields, validation",
    ),
    Control(
        PCI, "3.6.1.1",
        "Service providers keep a description of algorithms and keys: strength, end, use; and of "
        "the devices that keep them.",
        shown.architecture,
        "the inventory of devices, and that test and production have keys of their own",
        "Keys; manifest: keys",
    ),
    Control(
        PCI, "3.6.1.2",
        "Secret keys are stored encrypted under a key at least as strong that is kept apart, or in "
        "a device, or in parts.",
        shown.wrapping,
        "how the key-encryption key itself is stored",
        "Keys; manifest: keys",
    ),
    Control(
        PCI, "3.6.1.3",
        "As few people as possible can reach key parts in the clear.",
        lambda _: "",
        "who can; rights at the key service, the host and the database say that",
        words.NONE,
    ),
    Control(
        PCI, "3.6.1.4",
        "Keys are stored in as few places as possible.",
        shown.places,
        "copies of a key-encryption key that someone made",
        "Keys; manifest: keys",
    ),
    Control(
        PCI, "3.7.1",
        "Strong keys are generated.",
        shown.making,
        "the quality of the machine's random numbers, and how the key-encryption key was made",
        "Keys; manifest: keys",
    ),
    Control(
        PCI, "3.7.2 and 3.7.3",
        "Keys are distributed and stored securely.",
        shown.wrapping,
        "how the key-encryption key reaches the applications",
        "Keys; manifest: keys",
    ),
    Control(
        PCI, "3.7.4",
        "Each kind of key has a period of use, and is changed when it ends.",
        shown.period,
        "that the period chosen is the right one",
        "Keys; manifest: keys, fields",
    ),
    Control(
        PCI, "3.7.5",
        "Keys are retired, replaced or destroyed when their time is over or they may be known to "
        "others; such keys encrypt nothing more.",
        shown.retired,
        "copies of old keys outside the database",
        "Keys, Rows; manifest: keys, fields",
    ),
    Control(
        PCI, "3.7.6",
        "Where people work with keys in the clear by hand, no one of them has the whole key.",
        lambda _: "",
        "how the key-encryption key was made and handed over; no command shows a data key",
        words.NONE,
    ),
    Control(
        PCI, "3.7.7",
        "Nobody can put another key in a key's place unnoticed.",
        shown.substitution,
        "the same for the key-encryption key",
        "Validation, Keys; manifest: audit, validation",
    ),
    Control(
        ISO, "A.8.24",
        "Rules for using cryptography well, and for managing keys, are set and followed.",
        shown.rules,
        "the rules themselves, which are the organisation's own",
        "Keys, Approval, The run; manifest: keys, approval, audit",
    ),
)  # fmt: skip

_NOTHING = "Nothing."


def control_table(facts: Facts) -> Table:
    """Return the controls, what the run shows of each, what it does not, and where."""
    heading = ("Control", "What is asked", "What this run shows", "What it does not show", "Where")
    return Table("Controls", heading, tuple(_row(facts, control) for control in CONTROLS))


def _row(facts: Facts, control: Control) -> tuple[Cell, ...]:
    said = control.shows(facts)
    return (
        Cell(f"{control.standard} {control.number}"),
        Cell(control.asks),
        Cell(said or _NOTHING, None if said else Tone.QUIET),
        Cell(control.silent[:1].upper() + control.silent[1:] + "."),
        Cell(control.where),
    )
