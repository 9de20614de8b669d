#!/usr/bin/env python3
"""Holds docs/language.md and its tests together: rules are numbered without a gap, each names a test by its number, and
each named test exists where the page says; no test names a rule that the page does not have."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import rules  # noqa: E402

UNIT_TESTS = Path(__file__).resolve().parents[2] / "unit" / "lang" / "RulesTest.cpp"


def problems():
    page = rules.rules()
    if [number for number, *_ in page] != list(range(1, len(page) + 1)):
        yield "the rules are not numbered from 1 without a gap"
    unit = set(re.findall(r'TEST_CASE\("(rule-[a-z0-9-]+)"', UNIT_TESTS.read_text()))
    named = {case.name.split(":")[0] for case in rules.CASES}
    for number, test, kind, _ in page:
        if test is None:
            yield f"R{number} names no test"
        elif not test.startswith(f"rule-{number:02}-"):
            yield f"R{number} names the test {test}, which has another number"
        elif test not in (unit if kind == "unit" else named):
            yield f"there is no {kind} test {test}, which R{number} names"
    known = {kind: {test for _, test, k, _ in page if k == kind} for kind in ("unit", "e2e")}
    for test in sorted((unit - known["unit"]) | (named - known["e2e"])):
        yield f"{test} tests a rule that the page does not name there"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or f"{len(rules.rules())} rules, each with its test")
    sys.exit(1 if found else 0)
