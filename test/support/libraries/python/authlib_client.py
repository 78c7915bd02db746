"""Authlib, unmodified. See protocol.py."""

import protocol
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session


class Client:
    def __init__(self, request):
        self.origin = request["origin"]
        self.session = OAuth2Session(
            request["client_id"],
            request["client_secret"],
            token_endpoint_auth_method=request["method"],
            revocation_endpoint_auth_method=request["method"],
        )

    def authorization_url(self, redirect_uri):
        verifier = generate_token(48)
        self.session.code_challenge_method = "S256"
        url, state = self.session.create_authorization_url(
            f"{self.origin}/o/authorize/",
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            scope="read write",
        )
        return {"url": url, "state": state, "code_verifier": verifier}

    def exchange(self, redirect_uri, callback, state, code_verifier):
        return self.session.fetch_token(
            f"{self.origin}/o/token/",
            authorization_response=callback,
            state=state,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
        )

    def log_in(self, username, password):
        return self.session.fetch_token(
            f"{self.origin}/o/token/", username=username, password=password, scope="read write"
        )

    def refresh(self, refresh_token):
        return self.session.refresh_token(f"{self.origin}/o/token/", refresh_token=refresh_token)

    def client_credentials(self, scope):
        url = f"{self.origin}/o/token/"
        return self.session.fetch_token(url, grant_type="client_credentials", scope=scope)

    def revoke(self, token):
        answer = self.session.revoke_token(f"{self.origin}/o/revoke_token/", token=token)
        answer.raise_for_status()

    def introspect(self, token):
        answer = self.session.introspect_token(f"{self.origin}/o/introspect/", token=token)
        answer.raise_for_status()
        return answer.json()


protocol.run(Client, OAuthError)
