"""What would end as "0 rows, done" is refused first."""

import pytest

from reseal.preflight import Verdict
from tests.reseal.test_preflight import found, look

REFUSE, WARN, OK = Verdict.REFUSE, Verdict.WARN, Verdict.OK


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        (['{"otp": {"secret": "JBSWY3DPEHPK3PXP"}}'], REFUSE),
        (['{"totp": {"secret": "JBSWY3DPEHPK3PXP"}}'], OK),
        (['{"totp": {"secret": null}}', '{"a": 1}'], WARN),
        (["{}", None], WARN),
        ([], WARN),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(scene, cells, verdict):
    rows = list(enumerate(cells))
    scene = scene.table("id int PRIMARY KEY, s jsonb", rows, column="s", path="totp.secret")

    assert found(look(scene.access), "content: work").verdict is verdict


@pytest.mark.parametrize(
    ("identity", "verdict"), [("DEFAULT", REFUSE), ("NOTHING", REFUSE), ("FULL", WARN)]
)
def test_a_published_table_whose_rows_cannot_be_named_is_refused(scene, admin, identity, verdict):
    scene = scene.table("id int UNIQUE NOT NULL, s text", [], column="s", key=["id"])
    admin.execute(f"ALTER TABLE t REPLICA IDENTITY {identity}".encode())
    admin.execute("CREATE PUBLICATION everything FOR TABLE t")

    assert found(look(scene.access), "table: publications").verdict is verdict
