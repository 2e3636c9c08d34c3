"""Loading, changing and saving single rows."""

import copy
import os
import pickle
from uuid import uuid4

from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from psycopg_pool import ConnectionPool

from reseal.errors import EmptyKey, WillNotOpen
from reseal.integrations.django import current
from reseal.integrations.django.current import vault
from reseal.integrations.django.words import config
from reseal.vault import Vault
from tests.flows.scene import flipped
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    column,
    envelope,
    is_sealed,
    raises,
    set_column,
)
from tests.reseal.integrations.django_site.models import (
    Aside,
    Employee,
    Guest,
    Named,
    Person,
    Proxy,
    Shared,
    Short,
)


def story_a_new_row_is_sealed_for_the_key_that_it_gets() -> None:
    for model in (Person, Employee, Proxy, Guest, Shared):
        for made in (model.objects.create(secret=SECRET), model(secret=SECRET)):
            made.save()
            assert is_sealed(made), model
            assert made.secret == model.objects.get(pk=made.pk).secret == SECRET


def story_a_row_is_sealed_for_its_key_as_the_database_has_it() -> None:
    key = uuid4()
    Guest.objects.create(id=str(key), secret=SECRET)
    made = Person(id=str(Person.objects.create().pk + 1000), secret=SECRET)
    made.save()
    Named.objects.create(name="ada", secret=SECRET)

    assert Guest.objects.get(id=key).secret == SECRET
    assert Person.objects.get(id=made.id).secret == SECRET
    assert Named.objects.get(name="ada").secret == SECRET
    named = Named.objects.defer("name").get(name="ada")
    assert vault().read("named.secret", "ada", column(named)).reveal() == named.secret


def story_every_character_of_a_secret_is_kept() -> None:
    for text in (" lead", "trail ", "line\n", "jbsw y3dp", "\u00fcber", "'\\\"%s", "x" * 5000):
        made = Person.objects.create(secret=text)
        assert Person.objects.get(pk=made.pk).secret == text


def story_no_statement_holds_a_secret_and_reading_sends_none() -> None:
    with CaptureQueriesContext(connection) as sent:
        made = Person.objects.create(secret=SECRET)
        made.secret = OTHER
        made.save()
        made = Person.objects.get(pk=made.pk)
    with CaptureQueriesContext(connection) as sent_by_reading:
        assert made.secret == OTHER
    said = str(sent.captured_queries)
    assert SECRET not in said
    assert OTHER not in said
    assert len(sent) == len(["its key", "INSERT", "UPDATE", "SELECT"])
    assert len(sent_by_reading) == 0


def story_a_row_whose_envelope_is_kept_aside_holds_a_mark() -> None:
    made = Aside.objects.create(secret=SECRET)

    assert column(made).startswith("rs1.")
    assert Aside.objects.get(pk=made.pk).secret == SECRET


def story_a_column_without_room_holds_plaintext_until_a_run_widens_it() -> None:
    made = Short.objects.create(secret=SECRET)
    assert column(made) == SECRET
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE desk_short ALTER COLUMN secret TYPE text")
    made = Short.objects.create(secret=SECRET)
    assert is_sealed(made)
    assert Short.objects.get(pk=made.pk).secret == SECRET


def story_saving_a_loaded_row_writes_no_secret() -> None:
    made = Person.objects.create(secret=SECRET)
    for old in (Person.objects.get(pk=made.pk), made):
        set_column(made, envelope(made, OTHER))
        meanwhile = column(made)
        assert old.secret == SECRET
        old.name = "Ada"
        old.save()
        assert column(made) == meanwhile

    made.refresh_from_db()
    assert (made.name, made.secret) == ("Ada", OTHER)


def story_after_refreshing_a_save_still_writes_no_secret() -> None:
    made = Person.objects.create(secret=SECRET)
    set_column(made, envelope(made, OTHER))
    made.refresh_from_db()
    set_column(made, envelope(made, SECRET))
    made.save()

    assert Person.objects.get(pk=made.pk).secret == SECRET


def story_an_assigned_secret_is_sealed_anew() -> None:
    made = Person.objects.get(pk=Person.objects.create(secret=SECRET).pk)
    before = column(made)
    made.secret = OTHER
    assert made.secret == OTHER
    made.save()

    assert is_sealed(made)
    assert column(made) != before
    assert Person.objects.get(pk=made.pk).secret == OTHER


def story_an_earlier_secret_can_be_brought_back() -> None:
    made = Person.objects.create(secret=SECRET)
    earlier = made.secret
    made.secret = OTHER
    made.save()
    made.secret = earlier
    made.save()

    assert Person.objects.get(pk=made.pk).secret == SECRET


def story_a_secret_whose_transaction_was_rolled_back_is_written_by_the_next_save() -> None:
    made = Person.objects.create(secret=SECRET)
    made.secret = OTHER
    try:
        with transaction.atomic():
            made.save()
            raise IntegrityError
    except IntegrityError:
        pass
    made.save()

    assert Person.objects.get(pk=made.pk).secret == OTHER


def story_an_update_of_other_fields_leaves_a_new_secret_to_be_saved() -> None:
    made = Person.objects.create(secret=SECRET)
    made.secret = OTHER
    made.save(update_fields=["name"])
    assert Person.objects.get(pk=made.pk).secret == SECRET
    made.save(update_fields=["secret"])
    assert Person.objects.get(pk=made.pk).secret == OTHER


def story_legacy_plaintext_reads_and_stays_until_a_run_seals_it() -> None:
    made = Person.objects.create()
    set_column(made, SECRET)
    old = Person.objects.get(pk=made.pk)
    assert old.secret == SECRET
    old.save()

    assert column(made) == SECRET


def story_no_secret_is_no_secret() -> None:
    for nothing in (None, "", "none"):
        made = Person.objects.create(secret=nothing)
        assert column(made) == nothing
        assert Person.objects.get(pk=made.pk).secret == nothing

        made.secret = SECRET
        made.save()
        assert is_sealed(made)
        made.secret = nothing
        made.save()
        assert column(made) == nothing


def story_a_copied_row_does_not_take_an_envelope_along() -> None:
    made = Person.objects.create(secret=SECRET)
    duplicate = Person.objects.create(secret=made.secret)
    assert Person.objects.get(pk=duplicate.pk).secret == SECRET

    stray = Person.objects.get(pk=made.pk)
    stray.pk, stray._state.adding = None, True
    raises(EmptyKey, stray.save, "no primary key")
    stray.pk = duplicate.pk
    raises(WillNotOpen, stray.save)
    row = Person.objects.filter(pk=made.pk).values("name", "secret").get()
    raises(WillNotOpen, Person(id=made.pk + 1000, **row).save)
    duplicate.secret = row["secret"]
    raises(WillNotOpen, duplicate.save)


def story_a_legacy_row_can_be_copied() -> None:
    made = Person.objects.create()
    set_column(made, SECRET)
    duplicate = Person.objects.get(pk=made.pk)
    duplicate.pk, duplicate._state.adding = None, True
    duplicate.save()

    assert is_sealed(duplicate)
    assert Person.objects.get(pk=duplicate.pk).secret == SECRET


def story_what_was_tampered_with_breaks_its_own_attribute_only() -> None:
    made = Person.objects.create(secret=SECRET, name="Ada")
    set_column(made, flipped(column(made)))
    (listed,) = Person.objects.filter(pk=made.pk)

    assert listed.name == "Ada"
    raises(WillNotOpen, lambda: listed.secret)
    listed.save()
    listed.secret = OTHER
    listed.save()
    assert Person.objects.get(pk=made.pk).secret == OTHER


def story_an_envelope_of_another_row_does_not_open() -> None:
    made, other = Person.objects.create(secret=SECRET), Person.objects.create(secret=OTHER)
    set_column(made, column(other))

    raises(WillNotOpen, lambda: Person.objects.get(pk=made.pk).secret)


def story_a_row_that_is_not_loaded_whole_reads_and_saves() -> None:
    made = Person.objects.create(secret=SECRET)
    deferred = Person.objects.defer("secret").get(pk=made.pk)
    only = Person.objects.only("secret").get(pk=made.pk)
    before = column(made)
    deferred.save()
    assert deferred.secret == only.secret == SECRET
    deferred.save()
    only.save()
    assert column(made) == before


def story_a_pickle_or_copy_holds_the_stored_form() -> None:
    made = Person.objects.create(secret=SECRET)
    loaded = Person.objects.get(pk=made.pk)
    for instance in (made, loaded):
        assert instance.secret == SECRET
        pickled = pickle.dumps(instance)
        assert SECRET.encode() not in pickled
        for twin in (pickle.loads(pickled), copy.copy(instance), copy.deepcopy(instance)):
            assert twin.secret == SECRET
            twin.save()
    assert SECRET not in repr(vars(made)) + repr(loaded.secret) + repr(vars(loaded))


def story_a_sequence_behind_its_rows_overwrites_nobody() -> None:
    made = Person.objects.create(secret=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('desk_person', 'id'))")
        (following,) = cursor.fetchone()
    Person.objects.create(id=following + 1, name="taken")

    raises(IntegrityError, Person(secret=SECRET).save, "behind its rows")
    assert Person.objects.get(pk=following + 1).name == "taken"
    assert made.secret == SECRET


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
