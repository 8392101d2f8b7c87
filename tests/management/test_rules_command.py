"""``leaddistrib_rules``: a version of the rules goes to a file and comes back as it was."""

import json
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaddistrib.engine.conditions import parse, to_document
from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.models import RuleSet
from leaddistrib.queries import rulebook, rulefiles
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory
from tests.engine.oracle import trees

FRANCE = {"field": "country", "op": "in", "value": ["FR", "NO"]}
DOCUMENTS = [
    {
        "name": "«Größe»: 500+",
        "when": {"all": [FRANCE, {"field": "employees", "op": "gte", "value": 500}]},
        "then": {
            "push": "weighted",
            "team": "Paris",
            "seniority": "standard",
            "fallback": [{"pool": "Everyone"}, {"push": "manager", "team": "Paris"}],
        },
    },
    {"name": "All", "when": {}, "then": {"pool": "Everyone"}},
]


@pytest.fixture
def published(db):
    paris = TeamFactory(name="Paris")
    reps = [RepFactory(team=paris, weight=2), RepFactory(team=paris)]
    paris.managers.add(reps[0].user)
    PoolFactory(name="Everyone", reps=reps, push_minutes=60)
    return publish(DOCUMENTS, note="Spring")


def run(*arguments):
    """What the command prints."""
    out, err = StringIO(), StringIO()
    call_command("leaddistrib_rules", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue()


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
def test_a_version_comes_back_as_it_was_with_its_keys(published, tmp_path, ending):
    file = tmp_path / f"rules.{ending}"
    run("export", file)

    assert run("import", file) == "Version 2 was made as a draft.\n"

    made = RuleSet.objects.get(version=2)
    assert (made.status, made.note) == ("draft", "Spring")
    assert rulebook.documents(made) == DOCUMENTS
    was, now = published.rules.values_list("key"), made.rules.values_list("key")
    assert list(now) == list(was)


def test_the_file_is_for_people_to_read(published):
    text = run("export", "-")

    assert text.startswith("note: Spring\nrules:\n- name: '«Größe»: 500+'\n")
    assert "- 'NO'\n" in text  # which YAML would otherwise take for "no"


def test_json_is_written_and_read_through_streams(published, monkeypatch):
    text = run("export", "-", "--format", "json")
    assert json.loads(text)["rules"] == DOCUMENTS

    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    run("import", "-", "--format", "json")

    assert rulebook.documents(RuleSet.objects.get(version=2)) == DOCUMENTS


def test_any_version_can_be_exported(published):
    publish(DOCUMENTS[1:])

    assert "Größe" not in run("export", "-")
    assert "Größe" in run("export", "-", "--version", "1")
    with pytest.raises(CommandError, match="number 9"):
        run("export", "-", "--version", "9")


def test_checking_a_file_keeps_nothing(published, tmp_path):
    file = tmp_path / "rules.yaml"
    run("export", file)

    assert run("import", file, "--check") == "Nothing found.\n"
    assert RuleSet.objects.count() == 1


def test_what_the_checks_find_is_printed_and_errors_are_an_exit_status(published, tmp_path, capsys):
    TeamFactory(name="Empty")
    file = tmp_path / "rules.json"
    rule = {"name": "E", "when": FRANCE, "then": {"push": "round_robin", "team": "Empty"}}
    file.write_text(json.dumps({"rules": [rule, DOCUMENTS[1]]}))
    out = StringIO()

    with pytest.raises(SystemExit) as exit_:
        call_command("leaddistrib_rules", "import", "--check", str(file), stdout=out)

    assert exit_.value.code == 1
    told = [line.split("“")[0] for line in out.getvalue().splitlines()]
    assert told == ["error rules[0] [empty_team] ", "warning rules[0] [no_fallback] "]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rules: [", "line 1, column 9"),
        ("rules: !!python/object/apply:os.getcwd []", "line 1, column 8"),
        ("", "file: Write the rules"),
        ("- name: All", "file: Write the rules"),
        ("rules: All", "file: Write the rules"),
        ("rules: []\ncolour: blue", "colour"),
        ("rules: []\nnote: [x]", "note"),
        ("rules: []", "rules: The last rule"),
        ("rules: [{name: A, when: {}, then: {pool: Nowhere}}]", r"rules\[0\]\.then\.pool"),
        (
            "rules: [{name: A, when: {field: country, op: eq, value: NO}, then: {pool: Everyone}}]",
            r"rules\[0\]\.when\.value",
        ),
        ("\x07", "file"),
        ("rules: &all [*all]", "refers to itself"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
            "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n"
            "e: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nrules: [*e, *e, *e, *e, *e, *e, *e, *e]",
            "too much",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_nothing_is_kept(
    published, tmp_path, text, place
):
    file = tmp_path / "rules.yaml"
    file.write_text(text)

    with pytest.raises(CommandError, match=place):
        run("import", file)

    assert RuleSet.objects.count() == 1


def test_json_that_is_none_is_named_with_its_place():
    with pytest.raises(InvalidRules, match="line 2, column 1"):
        rulefiles.load(b'{"rules":\n}', as_json=True)


def test_a_file_in_another_encoding_or_too_large_is_refused():
    with pytest.raises(InvalidRules, match="UTF-8"):
        rulefiles.load("note: é".encode("latin-1"))
    with pytest.raises(InvalidRules, match="larger"):
        rulefiles.load(b" " * (rulefiles.MAX_BYTES + 1))


def test_a_file_without_a_known_ending_or_that_is_not_there_is_refused(published, tmp_path):
    with pytest.raises(CommandError, match="ends in"):
        run("export", tmp_path / "rules.txt")
    with pytest.raises(CommandError, match="No such file"):
        run("import", tmp_path / "rules.yaml")
    with pytest.raises(CommandError, match="No such file"):
        run("export", tmp_path / "nowhere" / "rules.yaml")


def test_before_any_version_is_in_force_there_is_nothing_to_export(db):
    with pytest.raises(CommandError, match="in force"):
        run("export", "-")


def test_anchors_save_writing_the_same_twice():
    read = rulefiles.load(b"rules:\n- &a {name: A, when: {}}\n- *a\n")

    assert list(read.rules) == [{"name": "A", "when": {}}] * 2


# What the database can keep
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
RULES = st.fixed_dictionaries(
    {
        "name": NAMES,
        "when": trees.map(lambda tree: to_document(parse(tree))),
        "then": st.fixed_dictionaries({"pool": NAMES}),
    }
)


@settings(max_examples=200, deadline=None)
@given(st.lists(RULES, max_size=4), NAMES | st.just(""), st.booleans())
@example([], "\x85", False)  # a line break to YAML, unless it is quoted
def test_whatever_the_rules_say_the_file_says_exactly(rules, note, as_json):
    text = rulefiles.dump(rules, note, as_json=as_json)

    read = rulefiles.load(text.encode(), as_json=as_json)

    assert (list(read.rules), read.note) == (rules, note)
