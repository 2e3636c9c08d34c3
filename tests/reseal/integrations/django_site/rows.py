"""Making, reading and copying single rows."""

import copy
import pickle
from uuid import uuid4

from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from reseal.errors import EmptyKey, WillNotOpen
from reseal.integrations.django.current import vault
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


def story_a_forgotten_attribute_is_loaded_again() -> None:
    made = Person.objects.create(secret=SECRET)
    set_column(made, envelope(made, OTHER))
    del made.secret
    assert made.secret == OTHER

    deferred = Person.objects.defer("secret").get(pk=made.pk)
    try:
        del deferred.secret
    except AttributeError:
        return
    raise AssertionError("what is not there was deleted")
