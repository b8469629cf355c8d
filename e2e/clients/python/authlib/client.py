"""Authlib's OAuth2Session: secret in header and body, PKCE, metadata, introspection, revocation."""

import os

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from user_agent import visit

gateway = os.environ["GATEWAY"]
client_id = os.environ["CLIENT_ID"]
client_secret = os.environ["CLIENT_SECRET"]
public_client_id = os.environ["PUBLIC_CLIENT_ID"]
redirect_uri = os.environ["REDIRECT_URI"]

metadata = AuthorizationServerMetadata(requests.get(get_well_known_url(gateway, external=True)).json())
assert metadata["issuer"] == gateway


def who_is(session):
    me = session.get(gateway + "/api/v4/users/me")
    me.raise_for_status()
    return me.json()["username"]


def sign_in(session):
    verifier = generate_token(48)
    authorization_url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    callback = visit(authorization_url)
    return session.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier)


for method in ["client_secret_basic", "client_secret_post"]:
    session = OAuth2Session(
        client_id,
        client_secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        redirect_uri=redirect_uri,
        scope="user",
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    token = sign_in(session)
    assert who_is(session) == os.environ["TEST_USERNAME"]

    session.token = {**token, "expires_at": 1}  # long ago
    assert who_is(session) == os.environ["TEST_USERNAME"], "refreshed automatically"
    assert session.token["access_token"] != token["access_token"]

    introspected = session.introspect_token(metadata["introspection_endpoint"], token=session.token["access_token"], token_type_hint="access_token")
    assert introspected.json()["active"] is True, introspected.text
    revoked = session.revoke_token(metadata["revocation_endpoint"], token=session.token["refresh_token"])
    assert revoked.status_code == 200, revoked.text
    try:
        session.refresh_token(metadata["token_endpoint"])
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    else:
        raise AssertionError("refreshed with a revoked token")

public = OAuth2Session(public_client_id, token_endpoint_auth_method="none", redirect_uri=redirect_uri, code_challenge_method="S256")
assert "refresh_token" not in sign_in(public)
assert who_is(public) == os.environ["TEST_USERNAME"]
