"""The API behaves in the same way in another project, whatever that one's settings say."""

import json
import subprocess
import sys
from pathlib import Path

HOST = Path(__file__).with_name("bare_host.py")


def test_another_project_without_the_optional_package():
    ran = subprocess.run(
        [sys.executable, str(HOST)],
        cwd=HOST.parents[2],
        env={"PYTHONPATH": str(HOST.parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.split(" ", 1) for line in ran.stdout.splitlines()]
    answers = [(int(status), json.loads(body)) for status, body in lines]
    assert [status for status, _body in answers] == [401, 200, 201, 400, 404, 404]
    anonymous, listed, sent, wrong, schema, docs = (body for _status, body in answers)
    assert anonymous["code"] == "not_authenticated"
    assert listed == {"next": None, "results": []}
    assert sent["decision"]["pool"] == "Unassigned"
    assert list(wrong["fields"]) == ["status"]
    assert (schema["code"], docs["code"]) == ("not_installed", "not_installed")
