"""Applications on packages that people use: enrolled by them, sealed, rotated, brought back.

One story for all of them, in one database: tables made and users enrolled by each package alone;
then Reseal is attached, everything is sealed and rotated while all of them log in; then the run is
rolled back, and each package alone lets the same phones in. What came of it is told package by
package.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from reseal.envelope import version_prefix
from tests.flows.packages.process import Application
from tests.flows.scene import Scene

pytestmark = pytest.mark.slow

USERS = 20

# What each adds to reseal.toml, and the SQL of what it has stored.
PACKAGES = {
    "users": (
        '[[field]]\nname = "users.mfa_secret"\ntable = "users"\ncolumn = "mfa_secret"\n',
        ["SELECT mfa_secret FROM users"],
    ),
    "django_otp": (
        '[[field]]\nname = "otp_totp_totpdevice.key"\ntable = "otp_totp_totpdevice"\n'
        'column = "key"\nformat = "hex"\n',
        ["SELECT key FROM otp_totp_totpdevice"],
    ),
    "allauth": (
        '[[field]]\nname = "mfa_authenticator.secret"\ntable = "mfa_authenticator"\n'
        'column = "data"\npath = "secret"\nwhere = "type = \'totp\'"\n'
        'bind = "field"\nbound_name = "mfa_authenticator"\n'
        '[[field]]\nname = "mfa_authenticator.seed"\ntable = "mfa_authenticator"\n'
        'column = "data"\npath = "seed"\nformat = "text"\nwhere = "type = \'recovery_codes\'"\n'
        'bind = "field"\nbound_name = "mfa_authenticator"\n',
        [
            "SELECT data ->> 'secret' FROM mfa_authenticator WHERE type = 'totp'",
            "SELECT data ->> 'seed' FROM mfa_authenticator WHERE type = 'recovery_codes'",
        ],
    ),
    "sqlalchemy_app": (
        '[[field]]\nname = "sa_account.seed"\ntable = "sa_account"\ncolumn = "seed"\n',
        ["SELECT seed FROM sa_account"],
    ),
    "flask_security": (
        '[[field]]\nname = "fs_user.tf_totp_secret"\ntable = "fs_user"\n'
        'column = "tf_totp_secret"\npath = "enckey.k"\n'
        '[[field]]\nname = "fs_user.us_totp_secrets"\ntable = "fs_user"\n'
        'column = "us_totp_secrets"\nformat = "text"\n',
        [
            "SELECT tf_totp_secret::json -> 'enckey' ->> 'k' FROM fs_user",
            "SELECT us_totp_secrets FROM fs_user",
        ],
    ),
}


@dataclass
class Story:
    """The scene, the applications that are running, and what was answered when."""

    scene: Scene
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: dict[str, dict[str, list[list[str]]]] = field(default_factory=dict)

    @contextmanager
    def running(self, *, alone: bool = False) -> Iterator[list[Application]]:
        """Have all applications running for the length of the block."""
        applications = [Application(self.scene, name, alone=alone) for name in PACKAGES]
        yield applications
        for application in applications:
            application.end()

    def tell(self, applications: list[Application], *words: object) -> dict[str, dict[str, Any]]:
        """Give all of them a word at once, and wait for all."""
        for application in applications:
            application.tell(*words)
        return {application.package: application.answer() for application in applications}

    def log_in(self, when: str, applications: list[Application]) -> None:
        """Let every user of every package log in, and look at what is stored."""
        self.told[when] = self.tell(applications, "log_in")
        with self.scene.connect() as connection:
            self.stored[when] = {
                name: [
                    [str(text) for (text,) in connection.execute(query.encode())]
                    for query in queries
                ]
                for name, (_, queries) in PACKAGES.items()
            }

    @contextmanager
    def meanwhile(self, when: str, applications: list[Application]) -> Iterator[None]:
        """Let all of them log in and enrol for the length of the block."""
        self.tell(applications, "begin")
        try:
            yield
        finally:
            self.told[when] = self.tell(applications, "end")

    def run(self, *words: str) -> str:
        """Run a command that must succeed; return its run's id."""
        ended = self.scene.command_line.run(*words, "--json")
        assert ended.code == 0, f"{ended.out}{ended.err}"
        return ended.run_id


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    story = Story(make_scene())
    story.scene.command_line.write_config("".join(toml for toml, _ in PACKAGES.values()))

    with story.running(alone=True) as applications:
        story.tell(applications, "create")
        story.tell(applications, "enrol", USERS)
        story.log_in("alone", applications)
    with story.running() as applications:
        story.log_in("attached", applications)
        with story.meanwhile("while it is sealed", applications):
            sealed = story.run("encrypt")
        story.log_in("sealed", applications)
        with story.meanwhile("while keys are rotated", applications):
            story.run("rotate")
        story.log_in("rotated", applications)
    story.run("rollback", sealed, "--unseal-newer")
    with story.running(alone=True) as applications:
        story.log_in("alone again", applications)
    return story


AT_REST = ["alone", "attached", "sealed", "rotated", "alone again"]
MEANWHILE = ["while it is sealed", "while keys are rotated"]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("when", AT_REST)
def test_every_user_gets_in_and_no_wrong_code_does(story: Story, package: str, when: str) -> None:
    told = story.told[when][package]

    assert told["failed"] == []
    assert told["passed"] >= USERS
    assert told["wrong_let_in"] == 0


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("when", MEANWHILE)
def test_logins_and_enrolments_go_on_meanwhile(story: Story, package: str, when: str) -> None:
    told = story.told[when][package]

    assert told["failed"] == []
    assert told["passed"] >= USERS
    assert told["enrolled"] > 0


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_stored_is_plaintext_then_sealed_then_rotated_then_plaintext_again(
    story: Story, package: str
) -> None:
    def versions(when: str) -> list[set[int]]:
        known = {version_prefix(1): 1, version_prefix(2): 2}
        return [
            {next((n for head, n in known.items() if text.startswith(head)), 0) for text in texts}
            for texts in story.stored[when][package]
        ]

    is_in = [versions(when) for when in AT_REST]
    assert is_in == [[{version}] * len(is_in[0]) for version in (0, 0, 1, 2, 0)]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_stood_in_the_rows_before_stands_there_again(story: Story, package: str) -> None:
    before, after = (story.stored[when][package] for when in ("alone", "alone again"))

    for old, new in zip(before, after, strict=True):
        assert set(old) <= set(new)
        assert len(new) > len(old), "nobody enrolled meanwhile"


def test_no_phone_was_forgotten(story: Story) -> None:
    for package in PACKAGES:
        phones = json.loads((story.scene.directory / f"{package}.phones.json").read_text())
        assert story.told["alone again"][package]["passed"] == len(phones)
