"""A key that others know: report whom it exposed, replace it at once, and reseal."""

from flows import rotation
from flows.validation import need_claims_to_reseal
from reseal.audit.action import Action
from reseal.compromise import UNDER_IT, WAS_UNDER_IT, not_cured
from reseal.rotation import Change
from tasks import keys
from tasks.compromise import list_exposed, mark_compromised
from tasks.run import Run


def carry_out(run: Run, version: int) -> None:
    """Mark the key, list who is to enrol anew, and put everything under another key."""
    with run.stage("report"):
        mark_compromised(version)
        said = _report(run, version)
    change = _change(run, version)
    rotation.make_ready(run)
    need_claims_to_reseal(run, change.active, urgent=True)
    rotation.carry_out(run, change, said)


def _change(run: Run, version: int) -> Change:
    # Where another key seals already, there may be rows to reseal, and no need of a new key.
    if keys.active_key() != version:
        return keys.find_unfinished() or keys.no_change()
    return rotation.change_key(run, assumed=True, compromised=version)


def _report(run: Run, version: int) -> str:
    """Write the report before anything is resealed: afterwards nobody can tell the rows apart."""
    users = {field.name: list_exposed(field.name, version) for field in run.access.config.fields}
    sure = sum(found[UNDER_IT] for found in users.values())
    perhaps = sum(found[WAS_UNDER_IT] for found in users.values())
    run.evidence.write(
        "compromise",
        {
            "key_version": version,
            "users_to_re_enrol": users,
            "not_cured": not_cured(version, run.access.config.keys),
        },
    )
    run.note(Action.EXPOSED, key_version=version, sure=sure, perhaps=perhaps)
    also = f" and {perhaps} perhaps" if perhaps else ""
    return (
        f"key {version} was compromised: {sure} users{also} are to enrol anew, listed in "
        f"re-enrol-FIELD.csv; what resealing does not cure is in compromise.json"
    )
