"""While much is made, the collector passes over what is loaded, and afterwards it is as before."""

import gc

from reseal.collector import collect_seldom, passing_over_what_is_loaded


def test_what_is_loaded_is_passed_over_for_as_long_as_the_work_takes():
    before = gc.get_threshold()
    with passing_over_what_is_loaded():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_what_is_imported_is_seldom_walked_through():
    before = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.isenabled()
        assert gc.get_threshold() > before
    finally:
        gc.set_threshold(*before)
