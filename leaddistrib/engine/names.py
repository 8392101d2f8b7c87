"""A company's name as it is compared: without case, accents, punctuation and legal form (IN4)."""

import re
import unicodedata


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Legal forms as they stand once case, accents, dots and blanks between single letters are gone.
LEGAL_FORMS = (
    # France, Belgium, Luxembourg, Switzerland, Québec
    _set_of("sarl sarlu eurl sas sasu sa sca scs scop snc sci scp selarl selas gie eirl epic")
    | _set_of("sprl srl asbl scrl senc senccrl ltee enr")
    # Germany, Austria, Switzerland
    | _set_of("gmbh ggmbh mbh gesmbh ag kg kgaa ohg og gbr ug ev eg ek se")
    # English-speaking countries, India
    | _set_of("ltd limited llc llp lp plc inc incorporated corp corporation co company pllc")
    | _set_of("pty pvt private cic unlimited dac clg")
    # The Netherlands, Nordic and Baltic countries
    | _set_of("bv nv vof cv bvba cvba ab publ hb kb aktiebolag asa as ans aps ivs oy oyj ky")
    | _set_of("ehf hf ou uab sia")
    # Italy, Spain, Portugal, Latin America
    | _set_of("spa srls sapa scarl sl slu sll lda ltda sgps eireli rl")
    # Central and eastern Europe, Greece, Turkey
    | _set_of("sp zoo spj spk sro vos ks kft zrt nyrt doo dd ad ood eood ooo oao zao pao tov sti")
    | _set_of("ооо оао зао пао ао тов αε επε ικε")
    # Asia
    | _set_of("kk gk sdn bhd pte pt tbk jsc ojsc pjsc")
)
# In these the form may stand before the name: "SARL Dupont", "AB Volvo", "ООО Ромашка".
LEADING_FORMS = _set_of(
    "sarl sas sasu sa eurl sci snc scop selarl gie ab oy pt ooo oao zao pao ооо оао зао пао"
)
# Written without a blank, at either end: 株式会社 and so on.
JOINED_FORMS = re.compile("股份有限公司|有限责任公司|有限公司|株式会社|有限会社|合同会社|주식회사")
# Say nothing, and are written or left out at will.
FILLERS = _set_of("and et und the")
# Between two legal forms: "SA de CV".
JOINTS = _set_of("de")

# Letters that are no accented form of another, yet are written so.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_APOSTROPHES = re.compile(r"['’`´]")
_WORDS = re.compile(r"[^\W_]+")
_SINGLE_LETTERS = re.compile(r"\b([^\W_])\s(?=[^\W_]\b)")

LENGTH = 200


def match_name(name: str) -> str:
    """What two spellings of a company's name have in common; "" if nothing is left.

    "Boulangeries Dupont & Fils, S.A.R.L." and "BOULANGERIES DUPONT ET FILS" both give
    "boulangeries dupont fils".
    """
    words = _SINGLE_LETTERS.sub(r"\1", plain(JOINED_FORMS.sub(" ", name))).split()
    words = [word for word in words if word not in FILLERS] or words
    return " ".join(_without_forms(words))[:LENGTH].rstrip()


def plain(name: str) -> str:
    """Words without case, accents and punctuation: "Élodie DURAND-Roy" is "elodie durand roy"."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(one for one in letters if not unicodedata.combining(one)).translate(_LETTERS)
    return " ".join(_WORDS.findall(_APOSTROPHES.sub("", bare)))


def _without_forms(words: list[str]) -> list[str]:
    """``words`` without the legal forms around them; a name of forms alone is left as it is."""
    end = len(words)
    while end > 1 and (words[end - 1] in LEGAL_FORMS or _joins_forms(words, end)):
        end -= 1
    # With a form at its end, the one at its start is part of the name: "SAS Institute Inc."
    start = 1 if len(words) == end > 1 and words[0] in LEADING_FORMS else 0
    return words[start:end]


def _joins_forms(words: list[str], end: int) -> bool:
    return end > 2 and words[end - 1] in JOINTS and words[end - 2] in LEGAL_FORMS
