"""What a check of the rules finds."""

from dataclasses import dataclass
from typing import Literal

from leaddistrib.models import Rule

ERROR: Literal["error"] = "error"
WARNING: Literal["warning"] = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found: an "error" stands against publishing, a "warning" is shown.

    ``sentence`` names the rule and says what to do, in the reader's language. ``index`` is the
    rule's, counted from 0; -1 (and no ``rule``) for what is about the version as a whole.
    ``within`` is the place in its document, where it is known, such as "rules[2].then.team".
    """

    level: str
    code: str
    sentence: str
    rule: Rule | None = None
    index: int = -1
    within: str = ""

    @property
    def place(self) -> str:
        """Where it is, as problems of documents are placed: "rules[2]", or "rules"."""
        if self.within:
            return self.within
        return "rules" if self.rule is None else f"rules[{self.index}]"
