"""What the sentences of an explanation are made of, by strategy and by reason (RU5)."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

_YOU_WERE_OWED = lazy(
    "You got this lead by the rule “%(rule)s”: you had had fewer leads this week than you are"
    " guaranteed."
)
_WAS_OWED = lazy(
    "The rule “%(rule)s” gave this lead to %(owner)s, who had had fewer leads that week than are"
    " guaranteed."
)

_IN_TURN = ("round_robin", "weighted", "least_loaded")

# Why the rep was before others for a lead that nobody took from a race (engine.unclaimed): said to
# the rep. To others it is not said in which tier a colleague is, nor what limits them.
_YOU_ARE_FIRST: Mapping[str, str | Promise] = {
    "tier": lazy(
        "You got this lead by the rule “%(rule)s”: nobody took it from the race, and such leads go"
        " to reps of your tier first."
    ),
    "daily_limit": lazy(
        "You got this lead by the rule “%(rule)s”: nobody took it from the race, and such leads go"
        " first to who has used up the claims of the day."
    ),
    "assigned_ratio": lazy(
        "You got this lead by the rule “%(rule)s”: nobody took it from the race, and such leads go"
        " first to who needs an assigned lead before the next claim."
    ),
}
_WAS_FIRST = lazy(
    "The rule “%(rule)s” gave this lead to %(owner)s: nobody took it from the race, and such leads"
    " go to some reps before others."
)
_MAY_BE_FIRST = (*_IN_TURN, "territory_owner")

# Why a rep was given a lead, by strategy: said to the rep, then of the rep to others (RU5).
YOU_GOT_IT: Mapping[str, str | Promise] = {
    **{f"{push}:owed": _YOU_WERE_OWED for push in _IN_TURN},
    **{f"{push}:{why}": text for push in _MAY_BE_FIRST for why, text in _YOU_ARE_FIRST.items()},
    "round_robin": lazy("You got this lead by the rule “%(rule)s”: it was your turn."),
    "weighted": lazy("You got this lead by the rule “%(rule)s”: it was your turn, by weight."),
    "territory_owner": lazy(
        "You got this lead by the rule “%(rule)s”: it comes from your territory “%(territory)s”."
    ),
    "territory_owner:in_turn": lazy(
        "You got this lead by the rule “%(rule)s”: it comes from your territory “%(territory)s”,"
        " and it was your turn there."
    ),
    "territory_owner:backup": lazy(
        "You got this lead by the rule “%(rule)s”: you stand in for %(absent)s, who works the"
        " territory “%(territory)s” and is away."
    ),
    "account_owner": lazy("You got this lead by the rule “%(rule)s”: you look after its account."),
    "account_owner:backup": lazy(
        "You got this lead by the rule “%(rule)s”: you stand in for %(absent)s, who looks after its"
        " account and is away."
    ),
    "least_loaded": lazy(
        "You got this lead by the rule “%(rule)s”: you had the fewest open leads for your capacity."
    ),
    "manager": lazy("You got this lead by the rule “%(rule)s”: you manage the team “%(team)s”."),
    "manager:least_loaded": lazy(
        "You got this lead by the rule “%(rule)s”: of the managers of the team “%(team)s” you had"
        " the fewest open leads for your capacity."
    ),
}
GOT_IT: Mapping[str, str | Promise] = {
    **{f"{push}:owed": _WAS_OWED for push in _IN_TURN},
    **{f"{push}:{why}": _WAS_FIRST for push in _MAY_BE_FIRST for why in _YOU_ARE_FIRST},
    "round_robin": lazy("The rule “%(rule)s” gave this lead to %(owner)s, whose turn it was."),
    "weighted": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, whose turn it was by weight."
    ),
    "territory_owner": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who works its territory “%(territory)s”."
    ),
    "territory_owner:in_turn": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who works its territory “%(territory)s”"
        " and whose turn it was there."
    ),
    "territory_owner:backup": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who stands in for %(absent)s in the"
        " territory “%(territory)s”."
    ),
    "account_owner": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who looks after its account."
    ),
    "account_owner:backup": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who stands in for %(absent)s, the"
        " owner of its account."
    ),
    "least_loaded": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who had the fewest open leads for their"
        " capacity."
    ),
    "manager": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, who manages the team “%(team)s”."
    ),
    "manager:least_loaded": lazy(
        "The rule “%(rule)s” gave this lead to %(owner)s, of the managers of the team “%(team)s”"
        " the one with the fewest open leads for their capacity."
    ),
}

# To whom a lead went that its owner did not answer, by the step of its policy (SL3): said to the
# one who has it now, then of that one to others.
YOU_STEP_IN: Mapping[str, str | Promise] = {
    "backup": lazy(
        "You got this lead because you are the backup of %(before)s, who did not answer it in time."
    ),
    "manager": lazy(
        "You got this lead because you manage the team “%(team)s”: %(before)s did not answer it in"
        " time."
    ),
}
STEPS_IN: Mapping[str, str | Promise] = {
    "backup": lazy(
        "%(owner)s got this lead as the backup of %(before)s, who did not answer it in time."
    ),
    "manager": lazy(
        "%(owner)s got this lead as a manager of the team “%(team)s”: %(before)s did not answer it"
        " in time."
    ),
    "pool": lazy(
        "%(before)s did not answer this lead in time, so it waits in “%(pool)s” for somebody else."
    ),
}

# Why a rep was passed over, said to the rep: of that moment, so in the past (RU5). docs/reps.md has
# them all.
WHY_NOT: Mapping[str, str | Promise] = {
    "inactive": lazy("You were not active."),
    "paused": lazy("You were paused."),
    "time_off": lazy("You were on leave."),
    "taper": lazy("You were about to go on leave."),
    "holiday": lazy("It was a public holiday where you work."),
    "off_hours": lazy("It was outside your working hours."),
    "busy": lazy("Your calendar showed you as busy."),
    "at_capacity": lazy("You were at capacity (open leads: {open} of {capacity})."),
    "over_allocation": lazy("You had had your leads of the week: {had} of {allocation}."),
    "half": lazy(
        "Your onboarding had brought enough assigned leads: {taken} of your last nine, and at most"
        " {of} of any ten may be."
    ),
    "previous_owner": lazy("You had this lead before."),
    "not_in_team": lazy("The rule asked only reps of another team."),
    "wrong_seniority": lazy("The rule asked only reps of another seniority."),
    "not_attended": lazy("The rule asked only reps who attended the lead's event."),
    "gate_failed": lazy("A check could not be made."),
}

# Why a rep was looked at before others for a lead that nobody took from a race, to managers.
FIRST_FOR_UNCLAIMED: Mapping[str, str | Promise] = {
    "tier": lazy("first, as nobody took it from the race: the tier is assigned such leads"),
    "daily_limit": lazy("first, as nobody took it from the race: no claims are left of the day"),
    "assigned_ratio": lazy(
        "first, as nobody took it from the race: too many claims for the assigned leads"
    ),
}

# Of which quality a pool had its share when a lead passed it by (GU3), to managers.
BEYOND_SHARE: Mapping[str, str | Promise] = {
    "high": lazy("beyond its share of high quality"),
    "low": lazy("beyond its share of low quality"),
}
PASSED_BY: Mapping[str, str | Promise] = {
    "high": lazy("“%(pool)s” had its share of high quality."),
    "low": lazy("“%(pool)s” had its share of low quality."),
}

# By what a lead is known to have come in before (IN3): "recognised by …".
RECOGNISED_BY: Mapping[str, str | Promise] = {
    "email": lazy("the e-mail address"),
    "phone": lazy("the phone number"),
    "name": lazy("name and company"),
}
