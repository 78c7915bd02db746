"""How a test speaks to a Python library: one JSON object on standard input, one on standard output.

In:  {"origin", "client_id", "client_secret", "method", "call", "arguments"}
Out: {"result": ...} or {"error": CODE}, the code that the library found in a refusal.
"""

import json
import sys


def run(make_client, error_class):
    """Makes the call on what `make_client(request)` returns; `error_class` is a refusal."""
    request = json.load(sys.stdin)
    client = make_client(request)
    try:
        result = getattr(client, request["call"])(**request["arguments"])
        print(json.dumps({"result": result}))
    except error_class as refusal:
        print(json.dumps({"error": refusal.error}))
