"""Triggers an analysis and prints the verdicts, by the protocol of NATS over a plain socket: the standard library alone.

For a broker of your own that lets clients in by user and password, or by token (Vigil's own one wants a key: see client.py):
    python3 plain_socket.py nats://me:secret@127.0.0.1:4222
    python3 plain_socket.py nats://token@127.0.0.1:4222
"""

import json
import socket
import sys
import uuid
from urllib.parse import unquote, urlsplit

url = urlsplit(sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222")
options = {"verbose": False, "pedantic": False, "lang": "python", "version": "0", "headers": True}
if url.password is not None:
    options |= {"user": unquote(url.username or ""), "pass": unquote(url.password)}
elif url.username is not None:
    options["auth_token"] = unquote(url.username)

connection = socket.create_connection((url.hostname, url.port or 4222), timeout=60)
stream = connection.makefile("rwb")


def send(line: str, payload: bytes | None = None) -> None:
    stream.write(line.encode() + b"\r\n" + (b"" if payload is None else payload + b"\r\n"))
    stream.flush()


def messages():
    """Subject and payload of each message; answers the server's pings."""
    while line := stream.readline().decode().rstrip("\r\n"):
        verb, *rest = line.split()
        if verb == "PING":
            send("PONG")
        elif verb == "-ERR":
            sys.exit(line)
        elif verb in ("MSG", "HMSG"):
            size, headers = int(rest[-1]), int(rest[-2]) if verb == "HMSG" else 0
            data = stream.read(size + 2)[headers:-2]
            yield rest[0], data


stream.readline()  # INFO: what the server can do
inbox = f"_INBOX.{uuid.uuid4().hex}"
send("CONNECT " + json.dumps(options))
send("SUB vigil.result.> 1")
send(f"SUB {inbox} 2")
trigger = json.dumps({"force": True}).encode()
send(f"PUB vigil.trigger.analyze {inbox} {len(trigger)}", trigger)

for subject, data in messages():
    body = json.loads(data)
    if subject == inbox:
        print("accepted as", body["seq"])  # the stream has it: it will be run, whatever is killed
    elif "analysis" in body:
        verdict = body["analysis"]
        print(verdict["agent"], verdict["alignmentScore"], verdict.get("steeringType", "fine"))
    elif subject == "vigil.result.analyze":
        print(len(body["items"]), "analysed,", len(body["failures"]), "failed")
        break
