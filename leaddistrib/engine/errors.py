"""What can be wrong with a rule's conditions: one table of codes, one exception."""

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # The shape of the tree
    "not_a_condition": "Write a condition here, such as {{field, op, value}}, instead of {found}.",
    "unknown_key": "Remove {keys}: only {allowed} may stand here.",
    "missing_key": "Add {keys}: a condition needs a field, an op and a value.",
    "not_a_list": "Write the conditions of this group as a list, instead of {found}.",
    "empty_group": "Add a condition to this group, or remove the group.",
    "too_deep": "Nest groups at most {limit} deep: split the rule into several.",
    "too_many_conditions": "Use at most {limit} conditions in a rule: split it, or use a list.",
    # Fields and operators
    "unknown_field": "There is no field {name}: use one of {known}, or attributes.NAME.",
    "unknown_operator": "There is no operator {name}: use one of {known}.",
    "operator_not_for_field": "{op} does not work on {field}: use one of {known}.",
    # Values
    "text_expected": "Write the value as text, in quotes, instead of {found}.",
    "number_expected": "Write the value as a number, instead of {found}.",
    "text_or_number_expected": "Write the value as text or as a number, instead of {found}.",
    "true_or_false_expected": "Write true or false, instead of {found}.",
    "list_expected": "Write the values as a list, instead of {found}.",
    "range_expected": "Write the range as [lowest, highest], instead of {found}.",
    "range_reversed": "Put the lower number first: [{high}, {low}] instead of [{low}, {high}].",
    "empty_list": "Add a value to the list, or remove the condition.",
    "mixed_list": "Write only texts or only numbers in the list: they are compared differently.",
    "blank_value": "Write a text here; to ask for an empty field, use is_blank.",
    "nul_character": "Remove the NUL character from the text.",
    "text_too_long": "Shorten the text to {limit} characters.",
    "list_too_long": "Shorten the list to {limit} values.",
}


class ConditionError(ValueError):
    """A condition that cannot be used (RU1).

    `code` is a key of `MESSAGES`, `path` says where ("when.all[1].value"), `params` fill the
    message's named placeholders. A caller that translates looks `code` up in its own table;
    `message` is the English one.
    """

    def __init__(self, code: str, path: str = "", **params: object) -> None:
        self.code = code
        self.path = path
        self.params = params
        self.message = MESSAGES[code].format(**params)
        super().__init__(f"{path}: {self.message}" if path else self.message)


def shown(found: object) -> str:
    """How a wrong value is shown in a message: as it was written, cut to a readable length."""
    text = repr(found)
    return text if len(text) <= 80 else f"{text[:79]}…"
