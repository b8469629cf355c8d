"""Authlib with OpenID Connect: discovery, nonce, PKCE, ID token, UserInfo and refresh."""

import os

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import KeySet

from user_agent import visit

gateway = os.environ["GATEWAY"]
redirect_uri = os.environ["REDIRECT_URI"]

metadata = requests.get(gateway + "/.well-known/openid-configuration").json()
assert metadata["issuer"] == gateway


def sign_in(session, algorithm):
    nonce = generate_token(20)
    verifier = generate_token(48)
    authorization_url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    callback = visit(authorization_url)
    token = session.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier)
    claims = verify(token, session.client_id, algorithm, nonce)
    assert claims["at_hash"] == create_half_hash(token["access_token"], algorithm).decode()
    return token, claims


def verify(token, client_id, algorithm, nonce=None):
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=[algorithm])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={"iss": {"value": gateway}, "aud": {"value": client_id}, "sub": {"essential": True}},
        params={"nonce": nonce, "client_id": client_id},
    )
    claims.validate(leeway=5)
    return claims


apps = [
    ("RS256", os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], "client_secret_basic"),
    ("ES256", os.environ["ES256_CLIENT_ID"], os.environ["ES256_CLIENT_SECRET"], "client_secret_post"),
    ("RS256", os.environ["PUBLIC_CLIENT_ID"], None, "none"),
]
for algorithm, client_id, client_secret, method in apps:
    session = OAuth2Session(
        client_id,
        client_secret,
        token_endpoint_auth_method=method,
        redirect_uri=redirect_uri,
        scope="openid profile email",
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    token, claims = sign_in(session, algorithm)
    user = session.get(metadata["userinfo_endpoint"]).json()
    assert user["sub"] == claims["sub"]
    assert user["preferred_username"] == os.environ["TEST_USERNAME"], user
    assert user["email"] == os.environ["TEST_EMAIL"], user

    if client_secret:
        fresh = session.refresh_token(metadata["token_endpoint"])
        assert verify(fresh, client_id, algorithm)["auth_time"] == claims["auth_time"]
