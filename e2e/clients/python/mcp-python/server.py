"""An MCP server that accepts the tokens of the gateway."""

import asyncio
import contextlib
import os
import socket

import httpx2
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer


class Introspection:
    """Introspects tokens at the gateway (RFC 7662)."""

    def __init__(self, gateway):
        self.endpoint = gateway + "/oauth/introspect"

    async def verify_token(self, token):
        credentials = (os.environ["RESOURCE_SERVER_ID"], os.environ["RESOURCE_SERVER_SECRET"])
        async with httpx2.AsyncClient() as http:
            response = await http.post(self.endpoint, data={"token": token}, auth=credentials)
        claims = response.raise_for_status().json()
        if not claims["active"]:
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(),
            expires_at=claims["exp"],
            resource=claims["aud"],
            subject=claims["sub"],
            claims=claims,
        )


@contextlib.asynccontextmanager
async def serving(gateway):
    """Serves until the block ends. Yields the URL of the server."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    server = MCPServer(
        "example",
        token_verifier=Introspection(gateway),
        auth=AuthSettings(issuer_url=gateway, resource_server_url=url, required_scopes=["user"], validate_token_resource=True),
    )

    @server.tool()
    def whoami() -> str:
        """Returns the username of the token."""
        return get_access_token().claims["username"]

    web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="warning"))
    running = asyncio.create_task(web.serve(sockets=[listener]))
    try:
        yield url
    finally:
        web.should_exit = True
        await running
