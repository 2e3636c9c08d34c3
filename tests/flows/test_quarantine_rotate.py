"""Rotations beside damaged envelopes: accepted, they hold nothing up; whole again, they follow."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.flows.conftest import Ended
from tests.flows.rotations import READY, USERS, Story, enrolled, seal_all
from tests.flows.scene import FIELD, Scene, flipped, secret_of, set_secret

pytestmark = pytest.mark.slow

ACCEPTED, MENDED = 12, 13
BY = "--approved-by=Grace Hopper"


@dataclass
class Retried(Story):
    """The same, and a retry in between."""

    retried: Ended | None = None


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Retried:
    """Two damaged rows; one is accepted, the other is mended and tried again."""
    begun = enrolled(make_scene(), USERS)
    seal_all(begun)
    story = Retried(begun.scene, begun.had)
    with story.scene.connect() as connection:
        whole = secret_of(connection, MENDED)
        for key in (ACCEPTED, MENDED):
            set_secret(connection, key, flipped(secret_of(connection, key)))
    story.rotates("damaged", READY)
    quarantine(story, "accept", "--field", FIELD, BY, str(ACCEPTED))
    with story.scene.connect() as connection:
        set_secret(connection, MENDED, whole)
    story.retried = quarantine(story, "retry", "--json")
    story.rotates("accepted", READY)
    return story


def quarantine(story: Story, *words: str) -> Ended:
    return story.scene.command_line.run("quarantine", *words)


def test_what_opens_again_is_put_under_the_active_key(story: Retried) -> None:
    retried = story.retried
    assert retried
    assert (story.steps["damaged"].ended.code, retried.code) == (4, 0), retried.err
    part = retried.part(FIELD)
    assert (part["tried"], part["resealed"], part["left"]) == (1, 1, 0)
    assert story.steps["accepted"].stored[MENDED] in story.scene.sealed().values()


def test_an_accepted_envelope_holds_no_rotation_up(story: Story) -> None:
    step = story.steps["accepted"]
    assert (step.ended.code, step.ended.document["outcome"]) == (0, "done"), step.said
    part = step.ended.part(FIELD)
    assert (part["quarantined"], part["accepted"], part["failed_claims"]) == (0, 1, [])
    assert "1 accepted as they are" in step.said
    assert "0 under an old key" in step.said
    assert step.versions == {1, 3}


def test_a_verification_knows_it_too(story: Story) -> None:
    ended = story.scene.command_line.run("verify", "--json")
    assert (ended.code, ended.part(FIELD)["accepted"]) == (0, 1), ended.err


def test_a_field_that_another_run_holds_is_not_retried(story: Story) -> None:
    with story.scene.connect() as connection:
        connection.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"reseal/reseal/{FIELD}"]
        )
        ended = quarantine(story, "retry", str(ACCEPTED))
    assert (ended.code, ended.out) == (3, "")
    assert "another run is working on field" in ended.err
