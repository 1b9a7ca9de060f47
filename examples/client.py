"""Triggers an analysis and prints the verdicts as they come: pip install nats-py nkeys

    python3 client.py [.vigil/keys/client.nk] [nats://127.0.0.1:4222]
"""

import asyncio
import json
import sys
from pathlib import Path

import nats


async def main(seed_file: str = ".vigil/keys/client.nk", server: str = "nats://127.0.0.1:4222") -> None:
    # The file as it is would not do: its line break is none of the key.
    nc = await nats.connect(server, nkeys_seed_str=Path(seed_file).read_text().strip())
    results = await nc.subscribe("vigil.result.>")
    await nc.jetstream().publish("vigil.trigger.analyze", json.dumps({"force": True}).encode())
    async for message in results.messages:
        body = json.loads(message.data)
        if "analysis" in body:
            verdict = body["analysis"]
            print(verdict["agent"], verdict["alignmentScore"], verdict.get("steeringType", "fine"))
        if message.subject == "vigil.result.analyze":
            print(len(body["items"]), "analysed,", len(body["failures"]), "failed")
            break
    await nc.close()


asyncio.run(main(*sys.argv[1:3]))
