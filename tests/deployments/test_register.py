"""What is registered: prefect.yaml as it is, and once more for each target."""

from deployments.register import FLEET, TAG, document

SHIPPED = {one["name"]: one for one in document([], [])["deployments"]}


def by_name(targets=(), known=()):
    return {one["name"]: one for one in document(targets, known)["deployments"]}


def test_without_targets_there_is_what_is_shipped():
    assert by_name().keys() == SHIPPED.keys()


def test_each_target_has_every_deployment_with_a_limit_and_schedules_of_its_own():
    made = by_name(["app", "shop"])

    own = {name: one for name, one in SHIPPED.items() if FLEET not in one["tags"]}
    assert len(made) == len(SHIPPED) + 2 * len(own)
    for name, shipped in own.items():
        mine = made[f"{name}-shop"]
        assert mine["concurrency_limit"] == shipped["concurrency_limit"]
        assert mine.get("schedules") == shipped.get("schedules")
        options = shipped.get("parameters", {}).get("options", {})
        assert mine["parameters"]["options"] == {**options, "target": "shop"}
        assert mine["tags"] == [*shipped["tags"], "target:shop"]


def test_what_is_about_several_targets_no_target_has_for_itself():
    assert [name for name in by_name(["app"]) if "fleet" in name] == ["rotate-fleet"]


def test_schedules_of_what_is_known_stay_as_people_have_set_them():
    made = by_name(["app"], known=["verify", "rotate-keys-app"])

    assert {name for name, one in made.items() if one.get("schedules")} == {
        "rotate-keys", "watch-health", "verify-app", "watch-health-app",
    }  # fmt: skip


def test_everything_is_found_again_by_its_tag():
    assert all(TAG in one["tags"] for one in by_name(["app"]).values())
