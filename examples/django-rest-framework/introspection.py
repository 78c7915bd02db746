"""Checks bearer tokens in Django REST framework by introspection (RFC 7662). Copy this file.

The setting OAUTH_INTROSPECTION is a dict with URL, CLIENT_ID and CLIENT_SECRET of a client that has
the scope "introspection", and AUDIENCE, the required audience of tokens.
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

# Cloudflare rejects the default of urllib (Browser Integrity Check).
USER_AGENT = "things-api"

# Timeout of requests to the token service, in seconds.
TIMEOUT_SECONDS = 5

CREDENTIALS = re.compile(r"bearer +([\w\-.~+/]+=*)", re.IGNORECASE | re.ASCII)
SCHEME = re.compile(r"bearer\b", re.IGNORECASE)


@dataclass(frozen=True)
class TokenUser:
    """The subject of the token."""

    id: str
    username: str
    is_authenticated: bool = True


class Unavailable(exceptions.APIException):
    """The token could not be checked. It may be valid, so the status is not 401."""

    status_code = 503
    default_detail = "The token service does not respond."
    default_code = "temporarily_unavailable"
    wait = 1  # REST framework sends it as Retry-After.


class IntrospectionAuthentication(authentication.BaseAuthentication):
    """Authenticates a request by the token in the Authorization header, never in the query."""

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
        # `active` covers signature, expiry and revocation. The audience is checked here.
        if token.get("active") is not True or not is_for_us(token.get("aud")):
            raise exceptions.AuthenticationFailed("The token is invalid.")
        return TokenUser(id=token["sub"], username=token.get("username", "")), token

    def authenticate_header(self, request):
        """The challenge of a 401; no error code if the request has no token (RFC 6750 §3.1)."""
        if SCHEME.match(request.headers.get("Authorization", "")) is None:
            return challenge()
        return challenge('error="invalid_token"')


def require_scope(scope):
    """Creates the permission class of a route that requires a scope."""

    class HasScope(permissions.BasePermission):
        def has_permission(self, request, view):
            if request.auth is None:
                return False  # REST framework turns this into a 401 with the challenge.
            if scope in request.auth.get("scope", "").split(" "):
                return True
            denied = exceptions.PermissionDenied("The token does not have the required scope.")
            denied.auth_header = challenge('error="insufficient_scope"', f'scope="{scope}"')
            raise denied

    return HasScope


def challenge(*attributes):
    """The value of WWW-Authenticate (RFC 6750 §3)."""
    return ", ".join(['Bearer realm="api"', *attributes])


def is_for_us(audience):
    wanted = settings.OAUTH_INTROSPECTION["AUDIENCE"]
    return wanted in (audience if isinstance(audience, list) else [audience])


def introspect(token):
    """Introspects a token. Any status other than 200 says nothing about the token."""
    wanted = settings.OAUTH_INTROSPECTION
    credentials = f"{quote_plus(wanted['CLIENT_ID'])}:{quote_plus(wanted['CLIENT_SECRET'])}"
    request = urllib.request.Request(
        wanted["URL"],
        data=urlencode({"token": token}).encode(),
        headers={
            "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
            "User-Agent": USER_AGENT,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except (OSError, HTTPException, ValueError) as error:  # A status of 4xx or 5xx is an OSError.
        raise Unavailable() from error
