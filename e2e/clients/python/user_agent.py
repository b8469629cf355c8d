"""The browser of the user."""

import os
import urllib.parse
import urllib.request


def visit(authorization_url, decision="allow"):
    """Opens an authorization URL, signs in, and presses the button.

    Returns the URL of the client to which the gateway redirects.
    """
    address = os.environ["USER_AGENT"] + "/?" + urllib.parse.urlencode({"decision": decision})
    with urllib.request.urlopen(address, data=authorization_url.encode()) as response:
        return response.read().decode()
