"""The official MCP Python SDK: a client that knows only the address of an MCP server."""

import asyncio
import os
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, OAuthRegistrationError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

from server import serving
from user_agent import visit

gateway = os.environ["GATEWAY"]
redirect_uri = "http://127.0.0.1:33420/callback"  # a real client listens here


class Storage:
    """The data that a client keeps about one server. A real client keeps it on disk."""

    def __init__(self, client_info=None):
        self.tokens, self.client_info = None, client_info

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


async def who_am_i(url, storage, method="none"):
    """Connects to an MCP server and calls its tool. Signs in if necessary."""
    asked = []

    async def redirect_handler(authorization_url):
        asked.append(authorization_url)

    async def callback_handler():
        answer = parse_qs(urlsplit(await asyncio.to_thread(visit, asked[-1])).query)
        return AuthorizationCodeResult(code=answer["code"][0], state=answer["state"][0], iss=answer["iss"][0])

    provider = OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata(
            client_name="MCP Python SDK",
            redirect_uris=[redirect_uri],
            token_endpoint_auth_method=method,
            grant_types=["authorization_code", "refresh_token"],
        ),
        storage=storage,
        redirect_handler=redirect_handler,
        callback_handler=callback_handler,
    )
    async with httpx2.AsyncClient(auth=provider) as http, Client(streamable_http_client(url, http_client=http)) as client:
        result = await client.call_tool("whoami", {})
    assert result.content[0].text == os.environ["TEST_USERNAME"], result
    return len(asked)


def refusal(error):
    """Returns the first exception that is not an exception group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def main():
    async with serving(gateway) as url:
        registered = Storage(OAuthClientInformationFull(client_id=os.environ["PUBLIC_CLIENT_ID"], redirect_uris=[redirect_uri], token_endpoint_auth_method="none"))
        assert await who_am_i(url, registered) == 1
        assert await who_am_i(url, registered) == 0, "the saved token is enough"

        if os.environ["REGISTRATION"] == "off":
            try:
                await who_am_i(url, Storage())
            except BaseException as error:
                assert isinstance(refusal(error), OAuthRegistrationError), error
            else:
                raise AssertionError("registered although registration is off")
            return

        for method in ["none", "client_secret_post", "client_secret_basic"]:
            storage = Storage()
            assert await who_am_i(url, storage, method) == 1
            assert storage.client_info.token_endpoint_auth_method == method
            assert (storage.tokens.refresh_token is None) == (method == "none")


asyncio.run(main())
