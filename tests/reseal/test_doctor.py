"""What the doctor says of settings and rights: where from, what for, what to do, no secret."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reseal.config import Config
from reseal.doctor import reach, redacted
from reseal.doctor.diagnosis import Diagnosis, Line, Section, fault, told
from reseal.doctor.rights import PURPOSES, of_role
from reseal.doctor.settings import of_environment, of_file
from reseal.errors import SettingsError
from reseal.preflight import Verdict
from reseal.preflight.question import ok
from reseal.preflight.rights import FIELD_RIGHTS_CHECKS, RIGHTS_CHECKS
from reseal.settings import Settings
from tests.conftest import SENTINEL
from tests.reseal.test_preflight import stranger

__all__ = ["stranger"]

KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
SHOWN = [
    (redacted.database, f"postgresql://ada:{SENTINEL}@db/app", "ada"),
    (redacted.database, f"postgresql://ada@db/app?sslpassword={SENTINEL}", "dbname=app"),
    (redacted.database, f"mysql://ada:{SENTINEL}@db/app", redacted.HIDDEN),
    (redacted.key, "file:/etc/reseal/kek env:OLD_KEK", "file:/etc/reseal/kek env:OLD_KEK"),
    (redacted.key, KEY, redacted.HIDDEN),
    (redacted.key, f"env:{KEY}", redacted.HIDDEN),
    (redacted.key, f"pkcs11:token=t;object=k?pin-source=env:P&x={SENTINEL}", "pkcs11:token=t"),
    (redacted.key, f"pkcs11:token=t;pin-value={SENTINEL}", redacted.HIDDEN),
    (redacted.place, f"s3://ada:{SENTINEL}@bucket/at", redacted.HIDDEN),
    (redacted.place, "s3://bucket/at", "s3://bucket/at"),
    (redacted.link, f"https://ada:{SENTINEL}@prefect:4200/api?key={SENTINEL}",
     "https://prefect:4200/api"),
    (redacted.link, SENTINEL, redacted.HIDDEN),
]  # fmt: skip


@pytest.mark.parametrize(("show", "text", "says"), SHOWN)
def test_a_setting_is_shown_without_what_is_secret_in_it(show, text, says):
    shown = show(text)

    assert says in shown
    assert SENTINEL not in shown
    assert KEY not in shown


def settings(directory: Path, **variables: str) -> Settings:
    return Settings.of(variables, directory)


def by_name(lines) -> dict[str, Line]:
    return {line.name: line for line in lines}


def test_each_setting_says_where_it_comes_from(tmp_path):
    lines = by_name(of_environment(settings(tmp_path, RESEAL_KEK="env:MINE")))

    assert (lines["RESEAL_KEK"].value, lines["RESEAL_KEK"].source) == ("env:MINE", "environment")
    assert lines["RESEAL_ENVIRONMENT"].source == "default"
    assert "RESEAL_BACKUP_KEK" not in lines


def test_a_flag_wins_over_the_environment(tmp_path):
    flag = Path("mine.toml")
    chosen = Settings.of({"RESEAL_CONFIG": "other.toml"}, tmp_path, flag)

    line = by_name(of_environment(chosen, flag))["RESEAL_CONFIG"]

    assert (line.value, line.source) == (str(tmp_path / "mine.toml"), "--config")


def test_a_setting_that_nobody_reads_is_named_and_not_shown(tmp_path):
    said = {"RESEAL_DATABSE_URL": SENTINEL, "RESEAL_KEK": "env:RESEAL_MINE", "RESEAL_MINE": KEY}

    line = by_name(of_environment(settings(tmp_path, **said)))["other settings"]

    assert (line.value, line.verdict) == ("nobody reads RESEAL_DATABSE_URL", Verdict.WARN)


def test_what_reseal_toml_says_is_told_from_what_it_leaves_out(tmp_path):
    (tmp_path / "reseal.toml").write_text(
        '[reseal]\napplication = "app"\n[[field]]\nname = "f"\ntable = "t"\ncolumn = "c"\n'
    )

    config, lines = of_file(settings(tmp_path))
    named = by_name(lines)

    assert config is not None
    assert named["application"].source == "reseal.toml"
    assert named["schema"].source == named["evidence"].source == "default"


def diagnosis(**verdicts: Verdict) -> Diagnosis:
    sections: dict[Section, tuple[Line, ...]] = dict.fromkeys(Section, ())
    for name, verdict in verdicts.items():
        sections[Section(name)] = (Line(name, "x", verdict, "mend it"),)
    return Diagnosis(sections)


CODES = [
    ({}, 0),
    ({"reach": Verdict.WARN, "rights": Verdict.UNKNOWN}, 0),
    ({"rights": Verdict.REFUSE}, 3),
    ({"settings": Verdict.REFUSE}, 2),
    ({"reach": Verdict.REFUSE, "rights": Verdict.REFUSE}, 2),
    ({"versions": Verdict.REFUSE}, 2),
]


@pytest.mark.parametrize(("verdicts", "code"), CODES)
def test_the_exit_code_is_that_of_the_most_serious_line(verdicts, code):
    assert diagnosis(**verdicts).exit_code == code


def test_the_sentence_is_the_first_fault_with_what_to_do_and_the_number_of_others():
    said = diagnosis(reach=Verdict.REFUSE, rights=Verdict.REFUSE).sentence()

    assert said == "reach: x; mend it (1 more to mend)"


def test_whatever_is_raised_is_a_line_that_quotes_nothing_foreign():
    def fails():
        raise ValueError(SENTINEL)

    line = told("it", fails)

    assert (line.verdict, line.remedy != "") == (Verdict.REFUSE, True)
    assert SENTINEL not in line.value
    assert told("it", lambda: ok("x")).value == "x"


def test_an_error_is_parted_where_its_remedy_begins():
    line = fault("it", SettingsError("it is not set; set it"))

    assert (line.value, line.remedy) == ("it is not set", "set it")


def test_every_check_of_rights_has_a_purpose():
    assert set(PURPOSES) == {one.name for one in (*RIGHTS_CHECKS, *FIELD_RIGHTS_CHECKS)}


def test_a_missing_grant_is_named_with_what_it_is_for(access, stranger):
    name, url = stranger
    with closing(replace(access, url=url).store("test", read_only=True)) as store:
        lines = by_name(of_role(access, store))

    refused = {line.name for line in lines.values() if line.verdict is Verdict.REFUSE}
    assert refused == {"rights: schema", "rights: read", "rights: update", "rights: owner"}
    assert f"GRANT SELECT ON public.users TO {name}" in lines["rights: read"].remedy
    assert lines["rights: monitor"].remedy == f"GRANT pg_monitor TO {name}"
    assert all(lines[one].purpose for one in PURPOSES if one in lines)


def test_of_a_superuser_nothing_is_missing_but_statements(access, store):
    lines = by_name(of_role(access, store)).values()

    assert {line.name for line in lines if line.verdict is not Verdict.OK} <= {"rights: statements"}


def test_a_table_that_is_not_there_is_a_line(access, store):
    field = replace(access.config.fields[0], table="nowhere")
    elsewhere = replace(access, config=replace(access.config, fields=(field,)))

    line = by_name(of_role(elsewhere, store))["field: table"]

    assert line.verdict is Verdict.REFUSE
    assert "nowhere" in line.value


def test_a_role_of_applications_that_is_not_there_is_a_line(access, store):
    config = replace(access.config, application="nobody")

    line = by_name(reach.of_server(replace(access, config=config), store))["application role"]
    assert (line.verdict, "nobody" in line.value) == (Verdict.REFUSE, True)


@pytest.mark.parametrize("name", reach.WISHES)
def test_a_file_that_was_left_to_stop_runs_is_named(tmp_path, name):
    (tmp_path / ".reseal").mkdir()
    (tmp_path / ".reseal" / name).touch()

    line = by_name(reach.of_machine(settings(tmp_path), None))["state directory"]

    assert (line.verdict, f"`{name}`" in line.remedy) == (Verdict.WARN, True)


def test_looking_starts_no_server_and_makes_no_key(tmp_path):
    access, store, line = reach.connect(settings(tmp_path), Config(()))

    assert (access, store, line.verdict) == (None, None, Verdict.WARN)
    assert list(tmp_path.iterdir()) == []
