"""Each report against the schema of its format, and read back: the reader must see what the JSON says."""

import collections
import json
import os
import pathlib
import re
import subprocess
import urllib.parse

import jsonschema
import junitparser
import pytest
from lxml import etree
from sarif import loader

SEVERITY = {"error": "error", "warning": "warning", "info": "note"}


def test_the_projects_have_what_they_are_made_for(reports, request):
    name = request.node.callspec.id
    assert (len(reports.findings) > 30, bool(reports.ignored)) == (name == "shop", name == "odd")
    assert [error["file"] for error in reports.errors] == (["not text.py"] if name == "odd" else [])


# ---- SARIF ----


def problems_of_sarif(path, out):
    """What Microsoft's validator says of a log: the schema and its own rules, and those of GitHub's code scanning."""
    run = subprocess.run(
        [os.environ["SARIF_MULTITOOL"], "validate", path, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", out, "--log", "ForceOverwrite"],
        env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}, capture_output=True, text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (run,) = json.loads(out.read_text("utf-8-sig"))["runs"]
    # A log that it cannot read at all is no result, but a notification.
    for invocation in run["invocations"]:
        assert invocation["executionSuccessful"] and not invocation.get("toolExecutionNotifications"), invocation
    return {result["ruleId"].split("/")[0] for result in run.get("results", [])}


def test_sarif_is_valid(reports, tmp_path):
    # SARIF2005: the program has no home page yet. It also shows that the log was read: what the validator cannot make sense of
    # it passes over.
    assert problems_of_sarif(reports.path["sarif"], tmp_path / "out.sarif") == {"SARIF2005"}


def test_sarif_that_breaks_a_rule_is_found(reports, tmp_path):
    log = json.loads(reports.text["sarif"])
    log["runs"][0]["unknown"] = 1
    wrong = tmp_path / "wrong.sarif"
    wrong.write_text(json.dumps(log), "utf-8")
    assert problems_of_sarif(wrong, tmp_path / "out.sarif") == {"SARIF2005", "JSON1005"}


def test_sarif_follows_the_schema(reports):
    # The one of OASIS, which the validator comes with.
    schema = json.loads(pathlib.Path(os.environ["SARIF_MULTITOOL"]).with_name("sarif-2.1.0.json").read_text("utf-8-sig"))
    log = json.loads(reports.text["sarif"])
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert not list(validator.iter_errors(log))
    log["runs"][0]["columnKind"] = "bytes"
    assert [list(error.path) for error in validator.iter_errors(log)] == [["runs", 0, "columnKind"]]


def test_sarif_is_read_by_sarif_tools(reports):
    log = loader.load_sarif_file(str(reports.path["sarif"]))
    assert log.get_distinct_tool_names() == ["dynaleak"]
    # It shows addresses as they are written, and the silenced ones with the others.
    records = [
        (urllib.parse.unquote(record["Location"]), record["Line"], record["Code"], record["Severity"], record["Description"])
        for record in log.get_records()
    ]
    findings = [
        (finding["file"], finding["range"]["start"]["line"], finding["code"], SEVERITY[finding["severity"]], finding["message"])
        for finding in reports.findings + reports.ignored
    ]
    assert sorted(records) == sorted(findings)


def test_the_fixes_of_sarif_give_python(reports):
    (run,) = json.loads(reports.text["sarif"])["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    fixes = [fix for result in run["results"] for fix in result.get("fixes", [])]
    assert bool(fixes) == bool(reports.findings)
    for fix in fixes:
        for change in fix["artifactChanges"]:
            path = reports.folder / urllib.parse.unquote(change["artifactLocation"]["uri"])
            text = path.read_text("utf-8")
            compile(replaced(text, change["replacements"]), str(path), "exec")


def replaced(text, replacements):
    """The text after the replacements of SARIF, whose lines and columns count from 1 and end before the end."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(region, end):
        return starts[region[f"{end}Line"] - 1] + region[f"{end}Column"] - 1

    for replacement in sorted(replacements, key=lambda it: at(it["deletedRegion"], "start"), reverse=True):
        region = replacement["deletedRegion"]
        text = text[: at(region, "start")] + replacement["insertedContent"]["text"] + text[at(region, "end") :]
    return text


# ---- GitLab ----

# No package has GitLab's schema: these are the fields of its documentation's "Code quality report format", all of them needed,
# and no others, which GitLab would drop.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1, "pattern": "^[^\n\r]*$"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    # From the repository's root, without `./`.
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}


def test_gitlab(reports):
    text = reports.text["gitlab"]
    assert not text.startswith("\ufeff")
    issues = json.loads(text)
    jsonschema.validate(issues, GITLAB)
    assert sorted((issue["location"]["path"], issue["location"]["lines"]["begin"], issue["check_name"]) for issue in issues) == reports.places()
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


# ---- JUnit ----


def test_junit_is_valid(reports):
    schema = etree.XMLSchema(etree.parse(os.environ["JUNIT_SCHEMA"]))
    document = etree.fromstring(reports.text["junit"].encode())
    # What others add, and Jenkins passes over: where a test stands, as pytest writes it and GitLab shows it, and the sum of all suites.
    for tag, name in [("testcase", "file"), ("testcase", "line"), ("testsuites", "skipped")]:
        for element in document.iter(tag):
            element.attrib.pop(name, None)
    schema.assertValid(document)
    next(document.iter("testcase")).set("unknown", "")
    with pytest.raises(etree.DocumentInvalid):
        schema.assertValid(document)


def test_junit_is_read_by_junitparser(reports):
    document = junitparser.JUnitXml.fromfile(str(reports.path["junit"]))
    suites = list(document)
    cases = [(suite.name, case) for suite in suites for case in suite]
    failures = [(name, case) for name, case in cases if any(isinstance(it, junitparser.Failure) for it in case.result)]
    failing = [finding for finding in reports.findings if finding["severity"] != "info" and finding["confidence"] != "low"]
    assert document.failures == len(failures) == len(failing)
    assert document.tests == len(cases) == max(1, len(reports.findings))
    assert sum(suite.failures for suite in suites) == document.failures
    said = collections.Counter((name, result.type, result.message) for name, case in failures for result in case.result)
    assert said == collections.Counter((finding["file"], finding["code"], finding["message"]) for finding in failing)


# ---- GitHub ----

# No parser of workflow commands is in a package of its own (the runner has it): this one is written after the documented grammar,
# `::name key=value,key=value::data` with `%`, line ends, and in a value `:` and `,` as %XX.
COMMAND = re.compile(r"^::(?P<name>[a-z-]+)(?: (?P<properties>.*?))?::(?P<data>.*)$")


def unescaped(text, codes):
    assert set(re.findall("%..", text)) <= {f"%{code}" for code in codes}, text
    return re.sub("%(..)", lambda match: chr(int(match[1], 16)), text)


def test_github(reports):
    found, troubles = [], []
    for line in reports.text["github"].split("\n")[:-1]:
        command = COMMAND.match(line)
        assert command, line
        properties = dict(pair.split("=", 1) for pair in command["properties"].split(","))
        properties = {key: unescaped(value, ["25", "0D", "0A", "3A", "2C"]) for key, value in properties.items()}
        assert set(properties) <= {"title", "file", "line", "endLine", "col", "endColumn"}
        data = unescaped(command["data"], ["25", "0D", "0A"])
        level = {"error": "error", "warning": "warning", "notice": "info"}[command["name"]]
        if "line" not in properties:
            troubles.append(properties["file"])
            continue
        code, message = data.split(": ", 1)
        found.append((properties["file"], int(properties["line"]), int(properties["col"]), int(properties["endLine"]), code, level, message))
    assert sorted(found) == sorted(
        (finding["file"], at["start"]["line"], at["start"]["column"], at["end"]["line"], finding["code"], finding["severity"], finding["message"])
        for finding in reports.findings
        for at in [finding["range"]]
    )
    assert troubles == [error["file"] for error in reports.errors]
