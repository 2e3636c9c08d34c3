"""Which targets a fleet has, and what each of them is asked for."""

from collections.abc import Collection, Sequence

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from reseal.errors import SettingsError
from tasks.fleet import Asked
from tasks.target import target_names

_DEPLOYMENT = "rotate-keys-{}"


def asked_of(names: Sequence[str]) -> list[Asked]:
    """Return what each of these targets is asked for, or each that there is.

    Raise SettingsError where one of them is not there, or has no deployment.
    """
    with get_client(sync_client=True) as client:
        known = target_names(client)
        _need_known(names, known)
        # A name that is given twice is rotated once.
        return [_asked(client, name) for name in dict.fromkeys(names or known)]


def _need_known(names: Sequence[str], known: Collection[str]) -> None:
    if not known:
        raise SettingsError(
            "there is no target; make one in the Prefect UI, under Blocks, as a Reseal Target"
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(
            f"there is no target {', '.join(unknown)}, and nothing was started; there are "
            f"{', '.join(known)}"
        )


def _asked(client: SyncPrefectClient, name: str) -> Asked:
    own = _DEPLOYMENT.format(name)
    try:
        found = client.read_deployment_by_name(f"rotate_keys/{own}")
    except ObjectNotFound:
        raise SettingsError(
            f"the target {name} has no deployment {own}, and nothing was started; start `reseal "
            "serve` again, or run `python -m deployments.register`"
        ) from None
    # As people have set them, but for what the name stands for.
    options = {**found.parameters.get("options", {}), "target": name}
    return Asked(name, found.id, options)
