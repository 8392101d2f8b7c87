"""Two spellings of a company's name are one (IN4)."""

import pytest

from leaddistrib.engine.names import match_name, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Boulangeries Dupont & Fils, S.A.R.L.", "BOULANGERIES DUPONT ET FILS"),
        ("SARL Dupont", "Dupont"),
        ("Dupont SAS", "Dupont, S.A.S."),
        ("Müller GmbH & Co. KG", "MULLER GmbH"),
        ("Siemens AG", "Siemens"),
        ("Acme Inc.", "ACME, Incorporated"),
        ("Acme Ltd", "Acme Limited"),
        ("Acme LLC", "acme l.l.c."),
        ("Acme Pty Ltd", "Acme"),
        ("Van Dijk B.V.", "Van Dijk"),
        ("Ferrero S.p.A.", "Ferrero SpA"),
        ("Kesko Oyj", "KESKO"),
        ("Nokia Oy", "Nokia"),
        ("AB Volvo", "Volvo AB"),
        ("Møller A/S", "Moller"),
        ("Orlen Sp. z o.o.", "Orlen"),
        ("Škoda Auto s.r.o.", "Skoda Auto"),
        ("Cemex, S.A. de C.V.", "Cemex"),
        ("Petronas Sdn. Bhd.", "Petronas"),
        ("日本電気株式会社", "日本電気"),
        ("ООО «Ромашка»", "Ромашка"),
        ("The Body Shop", "Body Shop"),
        ("L’Oréal", "L'OREAL"),
        ("H & M", "H&M"),
        ("3 M Company", "3M"),
    ],
)
def test_these_are_one_company(one: str, other: str) -> None:
    assert match_name(one) == match_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SAS Institute Inc.", "Institute"),
        ("Dupont", "Dupond"),
        ("Lycée 12", "Lycée 13"),
        ("Delta Air", "Delta"),
    ],
)
def test_these_are_two_companies(one: str, other: str) -> None:
    assert match_name(one) != match_name(other)


@pytest.mark.parametrize("name", ["SARL", "SA", "The", "& Co.", "GmbH & Co. KG"])
def test_a_name_of_legal_forms_alone_keeps_one_of_them(name: str) -> None:
    assert match_name(name)


@pytest.mark.parametrize("name", ["", "   ", "***", "–"])
def test_nothing_is_left_of_a_name_without_a_letter(name: str) -> None:
    assert match_name(name) == ""


def test_a_long_name_fits_into_its_column() -> None:
    assert len(match_name("Very long name " * 30)) <= 200


def test_a_persons_name_is_compared_without_case_accents_and_hyphens() -> None:
    assert plain("Élodie DURAND-Roy") == plain("elodie durand roy")
