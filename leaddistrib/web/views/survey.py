"""The one question to a customer, behind a signed link, without signing in (OU1)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Answered, Busy
from leaddistrib.lifecycle.satisfying import answer
from leaddistrib.models import Satisfaction
from leaddistrib.notify.links import read_survey
from leaddistrib.web.busy import BUSY
from leaddistrib.web.middleware import answer_in
from leaddistrib.web.outcomeforms import SurveyForm
from leaddistrib.web.views.preview import sealed


@csrf_exempt  # the link is what shows who answers; a session plays no part
@require_http_methods(["GET", "HEAD", "POST"])
@sealed
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing, so a scanner that follows the link answers nothing; POST keeps
    the answer, once. Nothing of the lead is shown: whoever has the link may be anybody."""
    asked = read_survey(token)
    if asked is None:
        return render(request, "leaddistrib/survey_gone.html", status=404)
    answer_in(request, asked.lead.language)
    if asked.by_customer:
        return render(request, "leaddistrib/survey_done.html")
    form = SurveyForm(request.POST if request.method == "POST" else None, measure=asked.measure)
    if form.is_valid():
        try:
            answer(asked, form.cleaned_data["score"], form.cleaned_data["comment"])
        except Satisfaction.DoesNotExist:
            return render(request, "leaddistrib/survey_gone.html", status=404)
        except Busy:
            form.add_error(None, BUSY)
        except Answered:  # by another tap of the same button
            return render(request, "leaddistrib/survey_done.html")
        else:
            return render(request, "leaddistrib/survey_done.html")
    status = 400 if form.errors else 200
    return render(request, "leaddistrib/survey.html", {"form": form}, status=status)
