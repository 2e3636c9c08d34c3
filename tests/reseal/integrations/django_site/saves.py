"""Saving rows again: what was changed is written, and nothing else."""

import copy
import pickle
from uuid import uuid4

from django.db import IntegrityError, transaction

from reseal.errors import WillNotOpen
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    column,
    envelope,
    is_sealed,
    raises,
    set_column,
)
from tests.reseal.integrations.django_site.models import Named, Person


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


def story_an_enrolment_elsewhere_survives_saving_a_row_that_had_no_secret() -> None:
    for nothing in (None, ""):
        made = Person.objects.create(secret=nothing)
        for old in (made, Person.objects.get(pk=made.pk), copy.deepcopy(made)):
            set_column(made, envelope(made, SECRET))
            old.name = "Ada"
            old.save()
            assert is_sealed(made), nothing
            set_column(made, nothing)


def story_a_secret_that_is_taken_away_is_gone() -> None:
    for load in (Person.objects.all(), Person.objects.only("name"), Person.objects.defer("name")):
        made = load.get(pk=Person.objects.create(secret=SECRET).pk)
        made.secret = None
        assert made.secret is None
        pickled = pickle.loads(pickle.dumps(made))
        assert pickled.secret is None
        assert Person._meta.get_field("secret").value_from_object(made) is None
        made.save()
        assert column(made) is None
        set_column(made, envelope(made, SECRET))
        made.save()
        assert is_sealed(made)
        pickled.save()
        assert column(made) is None


def story_taking_a_secret_away_can_be_rolled_back() -> None:
    made = Person.objects.create(secret=SECRET)
    made.secret = None
    try:
        with transaction.atomic():
            made.save()
            raise IntegrityError
    except IntegrityError:
        pass
    assert is_sealed(made)
    made.save()
    assert column(made) is None


def story_a_key_that_changes_does_not_leave_its_secret_behind() -> None:
    for load in (Named.objects.all(), Named.objects.only("name")):
        name = uuid4().hex
        Named.objects.create(name=name, secret=SECRET)
        named = load.get(name=name)
        named.name = "Ada " + name
        raises(WillNotOpen, named.save, "desk.Named.secret is bound to name")
        raises(WillNotOpen, lambda named=named: named.save(update_fields=["name"]), "assign")
        assert Named.objects.get(name=name).secret == SECRET

        named = load.get(name=name)
        secret = named.secret
        named.name = "Ada " + name
        named.secret = secret
        named.save()
        assert Named.objects.get(name=named.name).secret == SECRET
