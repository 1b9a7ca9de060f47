"""Counts what agents' logs hold, knowing nothing of Vigil: what `npm run eval:logs` holds Vigil's reading to.

    python3 eval/count_logs.py FORMAT FILE...    one JSON object a line: calls, results, failed (results), tokens; null: not counted
"""
import json
import re
import sys


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines(path):
    return [json.loads(line) for line in text_of(path).split("\n") if line.strip()]


def claude_code(path):
    records = [r for r in lines(path) if r["type"] in ("user", "assistant")]
    blocks = [b for r in records for b in r["message"]["content"] if isinstance(b, dict)]
    # Each block of a message repeats the usage of the message; the last line has all of its output.
    usage = {r["message"]["id"]: r["message"]["usage"] for r in records if r["type"] == "assistant"}
    results = [b for b in blocks if b["type"] == "tool_result"]
    refused = "The user doesn't want to proceed"
    failed = [b for b in results if b.get("is_error") and not str(b["content"]).startswith(refused)]
    tokens = sum(u["input_tokens"] + u["output_tokens"] for u in usage.values())
    return sum(b["type"] == "tool_use" for b in blocks), len(results), len(failed), tokens


def codex(path):
    items = [r["payload"] for r in lines(path) if r["type"] == "response_item"]
    calls = [i for i in items if i["type"].endswith("_call")]
    outputs = [i["output"] for i in items if i["type"].endswith("_call_output")]
    return len(calls), len(outputs), None, None


def swe_agent(path):
    log = json.loads(text_of(path))
    if "trajectory" in log:
        return len(log["trajectory"]), len(log["trajectory"]), None, None
    history = [m for m in log["history"] if not m.get("is_demo")]
    calls = [c for m in history for c in m.get("tool_calls") or []]
    return len(calls), sum(m["role"] == "tool" for m in history), None, None


def openhands(path):
    text = text_of(path)
    events = json.loads(text) if text.startswith("[") else [e for r in lines(path) for e in r["history"]]
    calls = [e for e in events if e.get("source") == "agent"
             and e.get("action") in ("run", "read", "edit", "write", "run_ipython", "browse", "finish")]
    results = [e for e in events if e.get("observation") in ("run", "read", "edit", "write", "run_ipython", "browse")]
    return len(calls), len(results), None, None


def aider(path):
    """Edits alone; aider quotes a block that did not match under a heading of its own."""
    text = text_of(path)
    quoted = len(re.findall(r"^## SearchReplaceNoExactMatch", text, re.M))
    return len(re.findall(r"^>>>>>>> REPLACE", text, re.M)) - quoted, None, None, None


def text(path):
    """Of OpenHands' evaluation logs: each command that its runtime ran."""
    return len(re.findall(r"COMMAND:", text_of(path))), None, None, None


if __name__ == "__main__":
    count = {f.__name__.replace("_", "-"): f for f in (claude_code, codex, swe_agent, openhands, aider, text)}[sys.argv[1]]
    for path in sys.argv[2:]:
        print(json.dumps(dict(zip(("calls", "results", "failed", "tokens"), count(path)))))
