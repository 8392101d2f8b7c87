"""The API behaves in the same way in another project, whatever that one's settings say."""

import json
import subprocess
import sys
from pathlib import Path

HOST = Path(__file__).with_name("bare_host.py")


def answers_with(drf_spectacular: str) -> list[tuple[int, str]]:
    ran = subprocess.run(
        [sys.executable, str(HOST), drf_spectacular],
        cwd=HOST.parents[2],
        env={"PYTHONPATH": str(HOST.parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.split(" ", 1) for line in ran.stdout.splitlines() if line[:3].isdigit()]
    return [(int(status), body) for status, body in lines]


def test_another_project_without_the_optional_package():
    answers = [(status, json.loads(body)) for status, body in answers_with("without")]
    assert [status for status, _body in answers] == [401, 200, 201, 400, 404, 404]
    anonymous, listed, sent, wrong, schema, docs = (body for _status, body in answers)
    assert anonymous["code"] == "not_authenticated"
    assert listed == {"next": None, "results": []}
    assert sent["decision"]["pool"] == "Unassigned"
    assert list(wrong["fields"]) == ["status"]
    assert (schema["code"], docs["code"]) == ("not_installed", "not_installed")


def test_another_project_that_describes_its_own_api_in_another_way_or_not_at_all():
    *_, (status, schema), (docs_status, _page) = answers_with("with")
    assert (status, docs_status) == (200, 200)
    assert "/crm/leads/{id}/claim/" in json.loads(schema)["paths"]
