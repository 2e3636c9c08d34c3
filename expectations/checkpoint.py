"""Run a suite as a Checkpoint in a context of its own, and write what came out without a value.

Great Expectations quotes values in results (hence BOOLEAN_ONLY), in the texts of exceptions
(hence `scrub`, before Data Docs are rendered) and in its log (hence `_silence`).
"""

import builtins
import json
import logging
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from expectations.data_docs import enclose
from expectations.suites import Suite
from expectations.views import SECTIONS

# A new context becomes the process-wide one, so two runs must not overlap.
_ONE_AT_A_TIME = threading.Lock()


def run(facts: pd.DataFrame, suite: Suite, directory: Path, run_name: str) -> set[str]:
    """Return the sentences that hold; write Data Docs and the result into `directory`."""
    docs = directory / "data_docs"
    shutil.rmtree(docs, ignore_errors=True)
    docs.mkdir(parents=True)
    with _ONE_AT_A_TIME, _silence():
        context = _context(docs)
        checkpoint = _checkpoint(context, suite)
        run_id = RunIdentifier(run_name=re.sub(r"[^\w.-]+", "-", run_name))
        outcome = checkpoint.run(batch_parameters={"dataframe": facts}, run_id=run_id)
        [(identifier, result)] = outcome.run_results.items()
        scrub(result)
        context.validation_results_store.set(identifier, result)
        context.build_data_docs()
    enclose(docs, success=bool(result.results and result.success))
    text = json.dumps(result.to_json_dict(), indent=2, sort_keys=True)
    (directory / "expectations.json").write_text(text + "\n", encoding="utf-8")
    return {each.expectation_config.description for each in result.results if each.success is True}


def _context(docs: Path) -> Any:
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs.resolve()),
        },
        **SECTIONS,
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={"reseal": site},
        progress_bars=ProgressBarsConfig(globally=False),
        # Its makers are told nothing, whatever the environment says.
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _checkpoint(context: Any, suite: Suite) -> Any:
    facts = context.data_sources.add_pandas("reseal").add_dataframe_asset("facts")
    # Copies: an expectation belongs to one suite of one context for good.
    claims = [copy(claim) for claim in suite.claims]
    stated = context.suites.add(gx.ExpectationSuite(suite.name, expectations=claims))
    validation = gx.ValidationDefinition(
        name=suite.name, data=facts.add_batch_definition_whole_dataframe("facts"), suite=stated
    )
    return context.checkpoints.add(
        gx.Checkpoint(
            name=suite.name,
            validation_definitions=[context.validation_definitions.add(validation)],
            result_format="BOOLEAN_ONLY",
        )
    )


def scrub(result: Any) -> None:
    """Take out of a validation result whatever can quote a value."""
    for each in result.results:
        each.result = {}
        raised = [one for one in _exceptions(each.exception_info) if one["raised_exception"]]
        names = sorted({_class_name(str(one["exception_traceback"])) for one in raised})
        each.exception_info = {
            "raised_exception": bool(raised),
            "exception_message": f"{', '.join(names)} (its text is left out)" if raised else None,
            "exception_traceback": "" if raised else None,
        }
        each.success = each.success is True and not raised


def _exceptions(info: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one record, or one for each metric that could not be computed."""
    return [info] if "raised_exception" in info else list(info.values())


def _class_name(traceback: str) -> str:
    # Only a built-in's name is passed on: the text may have lines that look like a name.
    for name in reversed(re.findall(r"^(\w+)(?=:|$)", traceback, re.MULTILINE)):
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            return kind.__name__
    return "Exception"


@contextmanager
def _silence() -> Iterator[None]:
    logger = logging.getLogger("great_expectations")
    nowhere = logging.NullHandler()
    before = logger.propagate, logger.handlers
    # Its modules set levels of their own, so only cutting the way out silences all of them.
    logger.propagate, logger.handlers = False, [nowhere]
    try:
        yield
    finally:
        logger.propagate, logger.handlers = before
