"""Ask the gates of a data key, and let nobody load it any more, or erase it, where all are open."""

from prefect.artifacts import TableArtifact

from reseal.access import Access
from reseal.keys import Answer, Keys
from reseal.retirement import Wish
from reseal.store import data_key, schema
from tasks.gates import rows_of
from tasks.publishing import publish
from tasks.step import step


@step(name="ask the gates", task_run_name="ask the gates of key {wish.version}")
def remove_key(access: Access, wish: Wish, actor: str) -> Answer:
    """Remove a key as the wish says, or change nothing; the audit log has the answer."""
    store = access.store("keys")
    try:
        data_key.need_any(store)
        schema.migrate(store, access.config.application)
        return Keys(access, store, actor).remove(wish)
    finally:
        store.close()


def publish_gates(answer: Answer, version: int) -> None:
    """Show every gate as a row of a table."""
    publish(
        TableArtifact(
            table=rows_of(answer, version),
            key="gates",
            description=f"Key {version}: {'every gate is open' if answer.done else 'not yet'}",
        )
    )
