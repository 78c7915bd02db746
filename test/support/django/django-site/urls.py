"""The endpoints of django-oauth-toolkit, and an API of the same site behind its tokens."""

from django.http import JsonResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource


@protected_resource(scopes=["read"])
def whoami(request):
    return JsonResponse({"username": request.resource_owner.get_username()})


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("whoami/", whoami),
]
