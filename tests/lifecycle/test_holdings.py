"""What a rep has beside leads goes to a successor, and comes back, while few rows are held."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models.signals import post_init

from leaddistrib.lifecycle import hand_over, take_back
from leaddistrib.models import Account, Rep
from leaddistrib.queries.handovers import coverable
from leaddistrib.testing import AccountFactory, RepFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def read():
    """The names of the accounts that are read from now on."""
    names = []

    def note(instance, **signal):
        names.append(instance.name)

    post_init.connect(note, sender=Account)
    yield names
    post_init.disconnect(note, sender=Account)


def test_what_is_the_successors_own_is_neither_read_nor_locked_to_take_accounts_back(cast, read):
    mireille = UserFactory()
    AccountFactory(name="Acme", owner=cast.amina)
    AccountFactory(name="Bruno's own", owner=cast.bruno)
    done = hand_over(cast.amina, actor=mireille, reason="She leaves", successor=cast.bruno)
    read.clear()

    back = take_back(done.handover, actor=mireille, reason="She stays")

    assert set(read) == {"Acme"}
    assert list(Account.objects.filter(pk__in=back.moved["accounts"])) == [
        Account.objects.get(owner=cast.amina)
    ]
    assert Account.objects.get(owner=cast.bruno).name == "Bruno's own"


def test_who_may_be_covered_is_known_by_two_queries_for_any_number_of_reps(
    cast, django_assert_num_queries
):
    covered = [RepFactory(team=cast.paris, backup=cast.amina) for _ in range(5)]
    Rep.objects.filter(pk=cast.chloe.pk).update(backup=cast.bruno)

    with django_assert_num_queries(2):
        assert set(coverable(cast.amina, cast.chloe)) == set(covered)


def test_who_covers_for_the_successor_in_the_end_keeps_the_backup(cast):
    """David covers for Chloé, Bruno for David: nobody would be there if Chloé covered for them."""
    david = RepFactory(user__username="david", team=cast.paris, backup=cast.amina)
    Rep.objects.filter(pk=david.pk).update(backup=cast.bruno)
    Rep.objects.filter(pk=cast.chloe.pk).update(backup=david)
    Rep.objects.filter(pk=cast.bruno.pk).update(backup=cast.amina)
    erwan = RepFactory(user__username="erwan", team=cast.paris, backup=cast.amina)

    assert list(coverable(cast.amina, cast.chloe)) == [erwan]

    for rep in Rep.objects.filter(backup=cast.amina):  # as the rep's own page would say
        rep.backup = Rep.objects.get(pk=cast.chloe.pk)
        if rep == erwan:
            rep.check_backup()
        else:
            with pytest.raises(ValidationError):
                rep.check_backup()


def test_a_circle_of_backups_stops_nobody(cast):
    Rep.objects.filter(pk=cast.bruno.pk).update(backup=cast.chloe)
    Rep.objects.filter(pk=cast.chloe.pk).update(backup=cast.bruno)
    david = RepFactory(user__username="david", team=cast.paris, backup=cast.amina)

    assert list(coverable(cast.amina, cast.chloe)) == [david]
