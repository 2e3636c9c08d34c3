"""What a run shows of a control, in a sentence made of its facts; empty where it shows nothing."""

from reseal.report import words
from reseal.report.facts import Facts, Part, sealed, unsettled

_HARDWARE = ("awskms:", "pkcs11:")


def encryption(facts: Facts) -> str:
    """Say how much of what is stored is encrypted, and whether that was checked."""
    after = facts.census("after")
    if not after:
        return ""
    good, open_ = sum(map(sealed, after.values())), sum(map(unsettled, after.values()))
    said = f"{words.count(good)} of {words.counted(good + open_, 'secret')} encrypted at the end"
    return f"{said} (AES-256-GCM). {_checked(facts)}".strip()


def _checked(facts: Facts) -> str:
    looked = facts.part("validation")
    if not looked:
        return "What stands there was not validated in this run."
    holds = all(one.get("success") for one in looked.values())
    probes = [right for one in looked.values() for right in (one.get("probes") or {}).values()]
    said = f"Every envelope was opened; {'all' if holds else 'not all'} claims hold"
    return f"{said}; {sum(probes)} of {words.counted(len(probes), 'probe')} came out right."


def guarded(facts: Facts) -> str:
    """Say where the database itself refuses plaintext."""
    guards = facts.part("guard")
    raised = [name for name, done in guards.items() if done.get("raised")]
    if not guards:
        return ""
    if raised:
        return f"From now on the database refuses plaintext in {words.listed(raised)}."
    return "The database still takes plaintext: the guard was not raised."


def factors(facts: Facts) -> str:
    """Say what is encrypted and what the database makes of plaintext from now on."""
    return " ".join(filter(None, (encryption(facts), guarded(facts))))


def architecture(facts: Facts) -> str:
    """Describe the keys by algorithm, strength, use and end."""
    if not facts.keys:
        return ""
    kinds = {(key["algorithm"], key.get("strength"), key["purpose"]) for key in facts.keys}
    said = [f"{name}, {strength} bits, for {use}" for name, strength, use in sorted(kinds)]
    many = words.counted(len(facts.keys), "data key")
    return f"The inventory lists {many} with state, owner, dates and use: {'; '.join(said)}."


def wrapping(facts: Facts) -> str:
    """Say in what form the data keys are stored, and where the keys that wrap them are."""
    kept = [key for key in facts.keys if key["state"] != "destroyed"]
    if not kept:
        return ""
    keks = sorted({str(key["kek"]) for key in kept})
    many = words.counted(len(kept), "data key")
    return f"{many} stored only encrypted, under {words.listed(keks)}.{_homes(keks)}"


def _homes(keks: list[str]) -> str:
    if all(kek.startswith(_HARDWARE) for kek in keks):
        return " The key-encryption key stays in its service or device."
    return " A key-encryption key in a file or variable is as safe as the host that holds it."


def places(facts: Facts) -> str:
    """Count the places where keys are."""
    keks = sorted({str(key["kek"]) for key in facts.keys if key["state"] != "destroyed"})
    if not keks:
        return ""
    return f"Data keys: one table of the database. Key-encryption keys: {words.listed(keks)}."


def making(facts: Facts) -> str:
    """Say which keys the run made."""
    if not facts.keys:
        return ""
    known = {key["version"] for key in facts.previous_keys}
    made = [f"key {key['version']}" for key in facts.keys if key["version"] not in known]
    said = f"This run made {words.listed(made)}" if made else "This run made no key"
    strengths = {f"{key['strength']} bits" for key in facts.keys if key.get("strength")}
    return f"{said}. Keys have {words.listed(sorted(strengths)) or 'a strength not told'}."


def period(facts: Facts) -> str:
    """Say until when the active key may be used, and whether the run changed it."""
    active = _active(facts.keys)
    if active is None:
        return ""
    said = f"Key {active['version']} seals since {words.time(active['activated'])}"
    said += f" and is to be replaced by {words.time(active['expires'])}."
    before = _active(facts.previous_keys)
    if before is not None and before["version"] != active["version"]:
        said += f" It took over from key {before['version']} in this run."
    return said + (" It is past that date." if active.get("expired") else "")


def retired(facts: Facts) -> str:
    """Say what became of the keys that seal no more, and what still stands under them."""
    active = _active(facts.keys)
    if active is None:
        return ""
    others = [f"key {key['version']} {key['state']}" for key in facts.keys if key is not active]
    after = facts.census("after").values()
    under = sum(sealed(one) - int(one["sealed"].get(str(active["version"]), 0)) for one in after)
    said = f"Only key {active['version']} seals" + (f"; {words.listed(others)}" if others else "")
    return f"{said}. {words.counted(under, 'row')} under other keys at the end."


def substitution(facts: Facts) -> str:
    """Say what would notice a key that was put in another's place."""
    log = facts.part("audit")
    if not facts.keys or not log:
        return ""
    events = words.counted(int(log.get("events") or 0), "entry", "entries")
    return (
        "Every version carries a check value of its key and every envelope its version; "
        f"{events} of the audit log, chained by hash, tell what was done to keys, and by whom."
    )


def rules(facts: Facts) -> str:
    """Say which rules of the use of cryptography the run followed."""
    said = [making(facts), period(facts), _approved(facts)]
    return " ".join(filter(None, said)) if facts.keys else ""


def _approved(facts: Facts) -> str:
    approval = facts.part("approval")
    if not approval:
        return "Nobody was asked to approve the run."
    return f"The run was {approval.get('decision')} by {words.told(approval.get('name'))}."


def _active(keys: list[Part]) -> Part | None:
    return next((key for key in keys if key["state"] == "active"), None)
