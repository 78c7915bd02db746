"""Pages that sign users in, and show who is signed in."""

import sys
from urllib.parse import urlencode

from authlib.integrations.django_client import OAuth, token_update
from django.dispatch import receiver
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from social_django.utils import load_strategy

oauth = OAuth()
oauth.register("tollgate")

# What Authlib's last refresh returned.
refreshed = {}


@receiver(token_update)
def keep(sender, token, **_):
    refreshed.update(token)


def authlib_login(request):
    return oauth.tollgate.authorize_redirect(
        request, request.build_absolute_uri("/authlib/callback/")
    )


def authlib_callback(request):
    request.session["token"] = oauth.tollgate.authorize_access_token(request)
    return HttpResponseRedirect("/authlib/user/")


def authlib_user(request):
    token = request.session["token"]
    return JsonResponse(authlib_identity(token, token["userinfo"]))


def authlib_refresh(request):
    """Authlib refreshes by itself when a token has expired."""
    expired = {**request.session["token"], "expires_at": 1}
    oauth.tollgate.userinfo(token=expired)
    claims = oauth.tollgate.parse_id_token(refreshed, nonce=None)
    request.session["token"] = {**refreshed, "userinfo": claims}
    return JsonResponse(authlib_identity(refreshed, claims))


def authlib_identity(token, claims):
    """The subject of the ID token, and the name at the userinfo endpoint."""
    user = oauth.tollgate.userinfo(token=token)
    assert user.sub == claims["sub"]
    return {"subject": claims["sub"], "name": user.name}


def authlib_logout(request):
    """Authlib has no call for it, but reads where to sign out."""
    query = {
        "id_token_hint": request.session["token"]["id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri("/signed-out"),
    }
    endpoint = oauth.tollgate.load_server_metadata()["end_session_endpoint"]
    return HttpResponseRedirect(f"{endpoint}?{urlencode(query)}")


def social_user(request):
    account = request.user.social_auth.get()
    return JsonResponse({"subject": account.uid, "name": account.extra_data["name"]})


def social_refresh(request):
    """Reads the user with the new access token: social-auth ignores the new ID token."""
    account = request.user.social_auth.get()
    before = account.access_token
    strategy = load_strategy()
    account.refresh_token(strategy)
    assert account.access_token != before
    user = account.get_backend_instance(strategy).user_data(account.access_token)
    return JsonResponse({"subject": user["sub"], "name": user["name"]})


def handler500(request):
    """Names the exception, which a test reads."""
    error = sys.exc_info()[1]
    return HttpResponse(f"{error!r}: {error}", status=500)


urlpatterns = [
    path("authlib/login/", authlib_login),
    path("authlib/callback/", authlib_callback),
    path("authlib/user/", authlib_user),
    path("authlib/refresh/", authlib_refresh),
    path("authlib/logout/", authlib_logout),
    path("social/user/", social_user),
    path("social/refresh/", social_refresh),
    path("social/", include("social_django.urls", namespace="social")),
]
