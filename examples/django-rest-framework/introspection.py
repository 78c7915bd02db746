"""Bearer tokens for Django REST framework, checked by introspection (RFC 7662). Copy this file.

The setting OAUTH_INTROSPECTION is a dict: URL, CLIENT_ID and CLIENT_SECRET of a client whose scopes
include "introspection", and AUDIENCE, which tokens must be for.
"""

import base64
import json
import re
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import quote_plus, urlencode

from django.conf import settings
from rest_framework import authentication, exceptions, permissions

# How long to wait for the token service, in seconds.
TIMEOUT_SECONDS = 5

CREDENTIALS = re.compile(r"bearer +([\w\-.~+/]+=*)", re.IGNORECASE | re.ASCII)
SCHEME = re.compile(r"bearer\b", re.IGNORECASE)


@dataclass(frozen=True)
class TokenUser:
    """Whoever the token was issued to. `id` is the service's subject."""

    id: str
    username: str
    is_authenticated: bool = True


class Unavailable(exceptions.APIException):
    """Nobody could tell. The token may be good, so this is no 401."""

    status_code = 503
    default_detail = "The token service does not answer."
    default_code = "temporarily_unavailable"
    wait = 1  # REST framework sends it as Retry-After.


class IntrospectionAuthentication(authentication.BaseAuthentication):
    """Authenticates a request by the token in its Authorization header, and never by its query."""

    def authenticate(self, request):
        authorization = request.headers.get("Authorization", "")
        if SCHEME.match(authorization) is None:
            return None
        match = CREDENTIALS.fullmatch(authorization)
        if match is None:
            malformed = exceptions.ParseError("The Authorization header is malformed.")
            malformed.auth_header = challenge('error="invalid_request"')
            raise malformed
        token = introspect(match[1])
        # `active` answers for signature, expiry and revocation. What it is for is ours to check.
        if token.get("active") is not True or not is_for_us(token.get("aud")):
            raise exceptions.AuthenticationFailed("The token is not good.")
        return TokenUser(id=token["sub"], username=token.get("username", "")), token

    def authenticate_header(self, request):
        """The challenge of a 401. Without a token it names no error (RFC 6750 §3.1)."""
        if SCHEME.match(request.headers.get("Authorization", "")) is None:
            return challenge()
        return challenge('error="invalid_token"')


def require_scope(scope):
    """Makes the permission class of a route: the token must have this scope."""

    class HasScope(permissions.BasePermission):
        def has_permission(self, request, view):
            if request.auth is None:
                return False  # REST framework turns this into a 401 with the challenge.
            if scope in request.auth.get("scope", "").split(" "):
                return True
            denied = exceptions.PermissionDenied("The token lacks a scope.")
            denied.auth_header = challenge('error="insufficient_scope"', f'scope="{scope}"')
            raise denied

    return HasScope


def challenge(*attributes):
    """What WWW-Authenticate says (RFC 6750 §3)."""
    return ", ".join(['Bearer realm="api"', *attributes])


def is_for_us(audience):
    wanted = settings.OAUTH_INTROSPECTION["AUDIENCE"]
    return wanted in (audience if isinstance(audience, list) else [audience])


def introspect(token):
    """Asks the token service about a token. Any answer but a 200 is no answer about the token."""
    wanted = settings.OAUTH_INTROSPECTION
    credentials = f"{quote_plus(wanted['CLIENT_ID'])}:{quote_plus(wanted['CLIENT_SECRET'])}"
    request = urllib.request.Request(
        wanted["URL"],
        data=urlencode({"token": token}).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except (OSError, HTTPException, ValueError) as error:  # A status of 4xx or 5xx is an OSError.
        raise Unavailable() from error
