"""requests-oauthlib: the secret in the body and in the header, PKCE, automatic refresh."""

import os

from oauthlib.oauth2 import AccessDeniedError, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from user_agent import visit

# The tests reach the gateway over plain HTTP; your app must not.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

gateway = os.environ["GATEWAY"]
client_id = os.environ["CLIENT_ID"]
client_secret = os.environ["CLIENT_SECRET"]
public_client_id = os.environ["PUBLIC_CLIENT_ID"]
redirect_uri = os.environ["REDIRECT_URI"]


def who_is(session):
    me = session.get(gateway + "/api/v4/users/me")
    me.raise_for_status()
    return me.json()["username"]


def body():
    session = OAuth2Session(client_id, redirect_uri=redirect_uri, scope=["user"], pkce="S256")
    authorization_url, state = session.authorization_url(gateway + "/oauth/authorize")
    callback = visit(authorization_url)
    session.fetch_token(
        gateway + "/oauth/access_token",
        authorization_response=callback,
        client_secret=client_secret,
        include_client_id=True,
    )
    assert who_is(session) == os.environ["TEST_USERNAME"]


def header_and_refresh():
    kept = {}
    session = OAuth2Session(
        client_id,
        redirect_uri=redirect_uri,
        scope=["user"],
        auto_refresh_url=gateway + "/oauth/access_token",
        auto_refresh_kwargs={"client_id": client_id, "client_secret": client_secret},
        token_updater=kept.update,
    )
    authorization_url, state = session.authorization_url(gateway + "/oauth/authorize")
    token = session.fetch_token(
        gateway + "/oauth/access_token",
        authorization_response=visit(authorization_url),
        auth=HTTPBasicAuth(client_id, client_secret),
    )
    assert token["scope"] == ["user"] and token["expires_in"] > 0, token
    session.token = {**token, "expires_at": 1}  # long ago
    assert who_is(session) == os.environ["TEST_USERNAME"]
    assert kept["access_token"] != token["access_token"]

    revoked = session.post(
        gateway + "/oauth/revoke",
        data={"token": kept["refresh_token"]},
        auth=HTTPBasicAuth(client_id, client_secret),
        withhold_token=True,
    )
    assert revoked.status_code == 200, revoked.text
    try:
        session.refresh_token(gateway + "/oauth/access_token", kept["refresh_token"], client_id=client_id, client_secret=client_secret)
    except InvalidGrantError:
        return
    raise AssertionError("refreshed with a revoked token")


def public():
    session = OAuth2Session(public_client_id, redirect_uri=redirect_uri, pkce="S256")
    authorization_url, state = session.authorization_url(gateway + "/oauth/authorize")
    token = session.fetch_token(gateway + "/oauth/access_token", authorization_response=visit(authorization_url), include_client_id=True)
    assert "refresh_token" not in token
    assert who_is(session) == os.environ["TEST_USERNAME"]


def denied():
    session = OAuth2Session(public_client_id, redirect_uri=redirect_uri, pkce="S256")
    authorization_url, state = session.authorization_url(gateway + "/oauth/authorize", prompt="consent")
    try:
        session.fetch_token(gateway + "/oauth/access_token", authorization_response=visit(authorization_url, "deny"), include_client_id=True)
    except AccessDeniedError:
        return
    raise AssertionError("a denial was not reported")


body()
header_and_refresh()
public()
denied()
