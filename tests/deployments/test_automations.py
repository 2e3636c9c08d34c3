"""The automations are what Prefect takes, and name what an alert's event has."""

import re
from uuid import uuid4

import pytest
from prefect.events import Event, Resource
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from prefect.events.schemas.events import ResourceSpecification

from deployments import automations
from reseal.health.alert import Severity

RAISED = Event(
    event="reseal.alert.raised",
    resource=Resource(
        {
            "prefect.resource.id": "reseal.app.burst-of-opens.web-1",
            "reseal.database": "app",
            "reseal.alert": "burst-of-opens",
            "reseal.severity": Severity.INCIDENT,
        }
    ),
    payload={},
)
PAYLOAD = {"alert", "subject", "severity", "since", "sentence", "value"}


@pytest.mark.parametrize("automation", automations.shipped(), ids=lambda one: one["name"])
def test_an_automation_is_valid_and_meets_the_event(automation: dict):
    trigger = AutomationCore.model_validate(automation).trigger

    assert isinstance(trigger, EventTrigger)
    assert RAISED.event in trigger.expect
    assert isinstance(trigger.match, ResourceSpecification)
    assert trigger.match.matches(RAISED.resource)


def test_what_is_sent_names_only_what_an_event_has():
    text = automations.FILE.read_text()

    assert set(re.findall(r"event\.payload\.(\w+)", text)) <= PAYLOAD
    assert set(re.findall(r"resource\['([\w.]+)'\]", text)) <= set(RAISED.resource.root)


def test_blocks_are_filled_in_and_what_has_none_is_left_out():
    block = str(uuid4())
    (made,) = automations.filled([None, block])

    assert made.name == "reseal incidents by e-mail"
    assert str(made.actions[0].model_dump()["block_document_id"]) == block


def test_without_its_words_the_command_says_which_it_takes(capsys: pytest.CaptureFixture):
    assert automations.main([]) == 2
    assert "python -m deployments.automations" in capsys.readouterr().err
