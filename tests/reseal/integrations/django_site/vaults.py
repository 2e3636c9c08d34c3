"""The vault of the process: made when it is needed, forked, handed in, reading only."""

import os
import time

from django.db import connection, connections
from psycopg_pool import ConnectionPool

from reseal.integrations.django import current
from reseal.integrations.django.current import vault
from reseal.integrations.django.words import config
from reseal.vault import Vault
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    column,
    is_sealed,
    words_changed,
)
from tests.reseal.integrations.django_site.models import Person


def story_a_process_that_was_forked_opens_and_seals() -> None:
    made = Person.objects.create(secret=SECRET)
    for shared in (vault(), None):
        current._current.vault = shared
        connections.close_all()
        child = os.fork()
        if child == 0:
            loaded = Person.objects.get(pk=made.pk)
            again = Person.objects.create(secret=OTHER)
            os._exit(0 if loaded.secret == SECRET and is_sealed(again) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert Person.objects.get(pk=made.pk).secret == SECRET


def story_a_vault_of_the_applications_own_is_used() -> None:
    made, ours = Person.objects.create(secret=SECRET), vault()
    with ConnectionPool(kwargs=connection.get_connection_params(), min_size=1) as pool:
        own = Vault.connect(pool, config(), "env:TEST_KEK", beats=None)
        current.use(own)
        assert vault() is own
        assert Person.objects.get(pk=made.pk).secret == SECRET
        current.use(ours)


def story_a_vault_that_only_reads_stores_as_before() -> None:
    made, ours = Person.objects.create(secret=SECRET), vault()
    current._current.vault = None
    with words_changed(seals=False):
        loaded = Person.objects.get(pk=made.pk)
        assert loaded.secret == SECRET
        loaded.secret = OTHER
        loaded.save()
    current.use(ours)

    assert column(made) == OTHER


def story_the_vault_holds_no_connection_and_asks_how_to_connect_each_time() -> None:
    vault().refresh()
    # PostgreSQL waits for five seconds; a beat in the background may come between.
    for _ in range(45):
        if not others_connected():
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the vault holds a connection")

    connection.settings_dict["OPTIONS"]["application_name"] = "as it is set now"
    vault().refresh()
    assert others_connected() == {"as it is set now"}


def others_connected() -> set[str]:
    """The names of all applications but this connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {name for (name,) in cursor}
