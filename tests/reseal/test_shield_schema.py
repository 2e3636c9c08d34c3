"""The application changes its table beneath the shield: no write of its own may fail by it."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from reseal.prepare import prepare
from reseal.shield import drop_forgotten, drop_from_column, raise_shield, stands
from reseal.shield_source import family
from reseal.store import application_seal
from tests.reseal.scene import SEED, Scene
from tests.reseal.shielding import (
    NEW,
    SAVE,
    THIRD,
    enrol_sealed,
    envelope,
    save,
    seal,
    shielded,
    triggers,
)  # fmt: skip

HOW_TO_DROP = f"DROP FUNCTION reseal.{family('users.mfa_secret')} CASCADE"


def test_an_enrolment_passes_after_the_column_was_renamed(scene: Scene) -> None:
    (row,) = shielded(scene)
    scene.admin.execute("ALTER TABLE users RENAME mfa_secret TO totp_secret")
    renamed = scene.described(column="totp_secret")
    for secret in (NEW, SEED, envelope(renamed, row, NEW), SEED):
        renamed.admin.execute("UPDATE users SET totp_secret = %s", [secret])
        assert renamed.stored() == {row: secret}


def test_and_what_was_sealed_meanwhile_is_not_lost_when_the_next_run_raises_it(
    scene: Scene,
) -> None:
    (row,) = shielded(scene)
    scene.admin.execute("ALTER TABLE users RENAME mfa_secret TO totp_secret")
    renamed = scene.described(column="totp_secret").again()
    write = "UPDATE users SET totp_secret = %s"
    renamed.admin.execute(write, [envelope(renamed, row, NEW)])
    raise_shield(renamed.store, renamed.target)
    seal(renamed)
    renamed.admin.execute(write, [SEED])

    assert renamed.stored() == {row: SEED}
    assert len(triggers(renamed)) == 3


def test_of_rows_that_it_cannot_name_any_more_no_original_counts(scene: Scene) -> None:
    (row,) = shielded(scene)
    scene.admin.execute("ALTER TABLE users RENAME id TO user_id")
    write = "UPDATE users SET mfa_secret = %s"
    scene.admin.execute(write, [envelope(scene.described(key=["user_id"]), row, NEW)])
    scene.admin.execute("ALTER TABLE users RENAME user_id TO id")

    scene.admin.execute(write, [SEED])
    assert scene.stored() == {row: SEED}


@pytest.mark.parametrize("change", [
    "ALTER TABLE users ADD COLUMN phone text DEFAULT '?'",
    "ALTER TABLE users DROP COLUMN last_login",
    "ALTER TABLE users ALTER COLUMN mfa_enabled TYPE text",
])  # fmt: skip
def test_other_columns_may_change_beneath_a_session_that_has_used_it(
    scene: Scene, change: str
) -> None:
    (row,) = shielded(scene)
    sealed = scene.stored()
    with psycopg.connect(scene.access.url, autocommit=True) as application:
        application.execute(SAVE, ["x", SEED, row])
        application.execute(SAVE, ["x", envelope(scene, row, NEW), row])
        scene.put(row, NEW)
        scene.sweep()
        scene.admin.execute(change.encode())
        application.execute(SAVE, ["y", NEW, row])
        assert scene.opened() == {row: NEW}
        assert scene.stored() not in ({row: NEW}, sealed)
        application.execute(SAVE, ["z", envelope(scene, row, THIRD), row])
        application.execute(SAVE, ["z", NEW, row])
    assert scene.stored() == {row: NEW}


@pytest.mark.parametrize("change", [
    "ALTER TABLE users ALTER COLUMN mfa_secret TYPE varchar(500)",
    "ALTER TABLE users ALTER COLUMN id TYPE int",
    "ALTER TABLE users DROP COLUMN mfa_secret",
])  # fmt: skip
def test_the_columns_that_it_looks_at_change_after_it_was_dropped_as_the_runbook_says(
    scene: Scene, change: str
) -> None:
    (row,) = shielded(scene)
    with pytest.raises(
        (psycopg.errors.FeatureNotSupported, psycopg.errors.DependentObjectsStillExist)
    ):
        scene.admin.execute(change.encode())

    scene.admin.execute(HOW_TO_DROP.encode())
    scene.admin.execute(change.encode())
    if "DROP" not in change:
        save(scene, row, SEED)
        raise_shield(scene.store, scene.target)
        assert stands(scene.store, scene.target)


def test_a_column_is_widened_from_under_it(scene: Scene) -> None:
    scene.admin.execute("ALTER TABLE users ALTER mfa_secret TYPE varchar(190)")
    (row,) = shielded(scene, SEED)
    scene.put(row, NEW * 2)
    assert prepare(scene.store, scene.target).widened

    assert triggers(scene) == []
    raise_shield(scene.store, scene.target)
    seal(scene.again())
    save(scene, row, NEW * 2)
    assert scene.opened() == {row: NEW * 2}


def test_every_fields_shield_goes_that_looks_at_the_column(scene: Scene) -> None:
    (row,) = shielded(scene)
    other = scene.described(name="other", where="mfa_secret <> ''", column="email").again()
    raise_shield(other.store, other.target)
    assert len(triggers(scene)) == 6
    enrol_sealed(scene, row, NEW)
    drop_from_column(scene.store, scene.target)
    assert triggers(scene) == []

    raise_shield(scene.store, scene.target)
    save(scene, row, SEED)
    assert scene.stored() == {row: SEED}


def test_the_shield_of_a_field_that_goes_by_another_name_now_goes(scene: Scene) -> None:
    """Nobody tells it any more what a run has sealed."""
    (row,) = shielded(scene.described(bind="field"))
    words = {"name": "users.totp", "bound_name": "users.mfa_secret", "bind": "field"}
    renamed = scene.described(**words).again()
    drop_forgotten(renamed.store, renamed.target, ["users.totp"])
    raise_shield(renamed.store, renamed.target)
    scene.put(row, NEW)
    seal(renamed)
    assert len(triggers(scene)) == 3

    save(scene, row, SEED)
    assert scene.stored() == {row: SEED}


def test_a_role_without_any_right_on_the_schema_enrols_and_saves(scene: Scene) -> None:
    clerk = sql.Identifier(f"clerk_{uuid4().hex[:8]}")
    row, other = shielded(scene, SEED, SEED)
    sealed = scene.stored()
    scene.admin.execute(sql.SQL("CREATE ROLE {}").format(clerk))
    scene.admin.execute(sql.SQL("GRANT ALL ON users TO {}").format(clerk))
    new = [envelope(scene, one, NEW) for one in (other, 4711)]
    try:
        scene.admin.execute(sql.SQL("SET ROLE {}").format(clerk))
        scene.admin.execute("SET search_path = ''")
        scene.admin.execute("SET bytea_output = 'escape'")
        save_there = SAVE.replace("users", "public.users")
        scene.admin.execute(save_there, ["x", SEED, row])
        scene.admin.execute(save_there, ["y", new[0], other])
        insert = "INSERT INTO public.users (id, email, mfa_secret) VALUES (4711, 'z', %s)"
        scene.admin.execute(insert, [new[1]])
    finally:
        scene.admin.execute("RESET ALL")
        scene.admin.execute("RESET ROLE")
        scene.admin.execute(sql.SQL("DROP OWNED BY {}").format(clerk))
        scene.admin.execute(sql.SQL("DROP ROLE {}").format(clerk))

    assert scene.stored() == sealed | {other: new[0], 4711: new[1]}
    keys = [[str(key)] for key in (row, other, 4711)]
    assert application_seal.among(scene.store, scene.name, keys) == {(str(other),), ("4711",)}
