"""requests-oauthlib, unmodified. See protocol.py. It has no call to introspect."""

import protocol
from oauthlib.oauth2 import (
    BackendApplicationClient,
    LegacyApplicationClient,
    OAuth2Error,
    WebApplicationClient,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session


class Client:
    def __init__(self, request):
        self.id = request["client_id"]
        self.secret = request["client_secret"]
        self.authorization_url_of_service = f"{request['origin']}/o/authorize/"
        self.token_url = f"{request['origin']}/o/token/"
        self.revocation_url = f"{request['origin']}/o/revoke_token/"
        self.basic = HTTPBasicAuth(self.id, self.secret)
        in_body = {"include_client_id": True, "client_secret": self.secret}
        is_basic = request["method"] == "client_secret_basic"
        self.authentication = {"auth": self.basic} if is_basic else in_body

    def authorization_url(self, redirect_uri):
        client = WebApplicationClient(self.id)
        verifier = client.create_code_verifier(64)
        challenge = client.create_code_challenge(verifier, "S256")
        session = OAuth2Session(self.id, redirect_uri=redirect_uri, scope="read write")
        url, state = session.authorization_url(
            self.authorization_url_of_service,
            code_challenge=challenge,
            code_challenge_method="S256",
        )
        return {"url": url, "state": state, "code_verifier": verifier}

    def exchange(self, redirect_uri, callback, state, code_verifier):
        session = OAuth2Session(self.id, redirect_uri=redirect_uri, state=state)
        return session.fetch_token(
            self.token_url,
            authorization_response=callback,
            code_verifier=code_verifier,
            **self.authentication,
        )

    def log_in(self, username, password):
        session = OAuth2Session(client=LegacyApplicationClient(self.id, scope="read write"))
        return session.fetch_token(
            self.token_url, username=username, password=password, **self.authentication
        )

    def refresh(self, refresh_token):
        session = OAuth2Session(self.id)
        return session.refresh_token(
            self.token_url, refresh_token, client_id=self.id, client_secret=self.secret
        )

    def client_credentials(self, scope):
        session = OAuth2Session(client=BackendApplicationClient(self.id, scope=scope))
        return session.fetch_token(self.token_url, **self.authentication)

    def revoke(self, token):
        client = LegacyApplicationClient(self.id)
        url, headers, body = client.prepare_token_revocation_request(self.revocation_url, token)
        session = OAuth2Session(client=client)
        answer = session.post(
            url, data=body, headers=headers, auth=self.basic, withhold_token=True
        )
        answer.raise_for_status()


protocol.run(Client, OAuth2Error)
