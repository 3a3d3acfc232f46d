"""The addresses of the self-serve part, below /api/v1/."""

from django.urls import path

from selfserve.api.mobile.consents import Consent
from selfserve.api.mobile.files import Files
from selfserve.api.mobile.form import Form, HandIn
from selfserve.api.mobile.icon import Icon
from selfserve.api.mobile.launch import Launch
from selfserve.api.mobile.modules import Favourite, Modules
from selfserve.api.mobile.submissions import Submissions
from selfserve.api.subsystem.exchange import Exchange
from selfserve.api.subsystem.file import OneFile
from selfserve.api.subsystem.modules import OneModule

urlpatterns = [
    path("modules/exchange", Exchange.as_view()),
    path("modules/<str:module>", OneModule.as_view()),
    path("me/modules", Modules.as_view()),
    path("me/modules/<str:module>/favourite", Favourite.as_view()),
    path("me/modules/<str:module>/icon", Icon.as_view()),
    path("me/modules/<str:module>/launch", Launch.as_view()),
    path("me/modules/<str:form>/form", Form.as_view()),
    path("me/modules/<str:form>/consents/<str:kind>", Consent.as_view()),
    path("me/modules/<str:form>/files", Files.as_view()),
    path("me/modules/<str:form>/submissions", HandIn.as_view()),
    path("me/submissions", Submissions.as_view()),
    path("submissions/<str:reference>/files/<str:input>", OneFile.as_view()),
]
