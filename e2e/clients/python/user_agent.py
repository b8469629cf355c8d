"""The person with a browser."""

import os
import urllib.parse
import urllib.request


def visit(authorization_url, decision="allow"):
    """Visits an authorization URL, signs in, and presses the button.

    Returns the URL that the gateway sends the browser to.
    """
    address = os.environ["USER_AGENT"] + "/?" + urllib.parse.urlencode({"decision": decision})
    with urllib.request.urlopen(address, data=authorization_url.encode()) as response:
        return response.read().decode()
