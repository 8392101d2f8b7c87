"""What stands against a rep having a lead, in the reader's language: said to the rep, and of a rep
to a manager (GU7). The engine knows codes, here are the words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

# What a refused rep reads: why, and what would lift it. "{rep}"-less, said to the rep.
REFUSALS: Mapping[str, str | Promise] = {
    "inactive": lazy("Your account takes no leads. Ask your manager to activate it."),
    "not_a_member": lazy("You are not a member of this pool."),
    "paused": lazy("You are paused. Resume to claim leads."),
    "time_off": lazy("You are on leave."),
    "taper": lazy("You are about to go on leave: no new leads are handed to you before it."),
    "holiday": lazy("It is a public holiday where you work."),
    "off_hours": lazy("It is outside your working hours."),
    "busy": lazy("Your calendar shows you as busy."),
    "at_capacity": lazy(
        "You are at capacity (open leads: {open} of {capacity}). Close or give back one first."
    ),
    "onboarding": lazy(
        "You watch races in this phase of your onboarding: your leads are assigned to you."
    ),
    "half": lazy(
        "Your onboarding mixes leads from races with assigned ones, and you have enough of this"
        " kind: {taken} of your last nine leads, and at most {of} of any ten may be. Take one of"
        " the other kind first."
    ),
    "over_allocation": lazy(
        "You have had your leads of this week: {had} of {allocation}. Next week you get more."
    ),
    "daily_limit": lazy(
        "Claims in races today: {claims} of {limit}. Tomorrow you can claim again."
    ),
    "hot_ratio": lazy(
        "Hot claims for each warm one: {limit}. This week you claimed {hot} hot and {warm} warm."
        " Claim a warm lead first."
    ),
    "assigned_ratio": lazy(
        "Claims in races for each assigned lead that you keep: {limit}. This week you claimed"
        " {claims} and kept {assigned}. Keep an assigned lead first."
    ),
    "cold_first": lazy(
        "You claimed too few cold leads last week. Claim cold ones first: {cold} of {wanted} so far"
        " this week."
    ),
    "other_cohort": lazy(
        "In this phase of your onboarding you race new colleagues only, in pools of your own."
    ),
    "gave_back": lazy("You gave this lead back: it is open to the others first."),
    "premium": lazy("This pool is for higher tiers. Your next placement may open it to you."),
    "not_open_yet": lazy("This lead is not open to you yet."),
    "not_open": lazy("This lead is no longer open."),
    "previous_owner": lazy("You gave this lead back."),
    "let_lapse": lazy("You had this lead and did not answer it in time."),
    "not_in_team": lazy("The rule asks only reps of another team."),
    "wrong_seniority": lazy("The rule asks only reps of another seniority."),
    "not_attended": lazy("The rule asks only reps who attended the lead's event."),
    "collecting_over": lazy("Claims of this lead are being decided: yours came too late."),
    "next_only": lazy(
        "Nobody chooses leads in this pool: ask for the next one, and you get the one that fits you"
        " best."
    ),
    "shared": lazy("Everybody in this pool works this lead: log a contact instead."),
    "gate_failed": lazy("A check could not be made. Try again, or tell your administrator."),
}

# The same reasons, said of a rep to a manager.
PASSED_OVER: Mapping[str, str | Promise] = {
    "inactive": lazy("not active"),
    "not_a_member": lazy("not a member of the pool"),
    "paused": lazy("paused"),
    "time_off": lazy("on leave"),
    "taper": lazy("about to go on leave"),
    "holiday": lazy("on a public holiday"),
    "off_hours": lazy("outside working hours"),
    "busy": lazy("busy by the calendar"),
    "at_capacity": lazy("at capacity: open leads {open} of {capacity}"),
    "onboarding": lazy("watches races only, in onboarding"),
    "half": lazy(
        "enough leads of this kind in onboarding: {taken} of nine, at most {of} of any ten"
    ),
    "over_allocation": lazy("had the week’s leads: {had} of {allocation}"),
    "daily_limit": lazy("at the day’s limit of claims in races: {claims} of {limit}"),
    "hot_ratio": lazy("too few warm claims: {warm} warm, {hot} hot, one for each {limit}"),
    "assigned_ratio": lazy(
        "too few assigned leads: {assigned} kept, {claims} claimed in races, one for each {limit}"
    ),
    "cold_first": lazy("cold leads come first: {cold} claimed of {wanted}"),
    "other_cohort": lazy("races new colleagues only, in onboarding"),
    "gave_back": lazy("gave this lead back"),
    "premium": lazy("not of a tier that sees premium pools"),
    "not_open_yet": lazy("not open for this rep yet"),
    "not_open": lazy("no longer open"),
    "previous_owner": lazy("had this lead before"),
    "let_lapse": lazy("did not answer this lead in time"),
    "not_in_team": lazy("not in the team"),
    "wrong_seniority": lazy("of another seniority"),
    "not_attended": lazy("did not attend the event"),
    "collecting_over": lazy("claimed too late"),
    "next_only": lazy("leads of this pool are handed out by a button"),
    "shared": lazy("the lead is shared"),
    "gate_failed": lazy("a check failed"),
}


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """Why the rep who reads this may not have the lead, and what would lift it."""
    return str(REFUSALS[code]).format(**params)


def passed_over(code: str, params: Mapping[str, Any]) -> str:
    """Why a rep was passed over, in a few words for a manager."""
    return str(PASSED_OVER[code]).format(**params)


def refused_for(code: str) -> str:
    """The same without its figures, where they were not kept."""
    return str(PASSED_OVER[code]).partition(":")[0].strip()
