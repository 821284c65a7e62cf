#!/usr/bin/env python3
"""Turn /var/lib/dpkg/status into a graph, as JSON Lines for `plexus import`.

usage: dpkg_to_jsonl.py [STATUS] > packages.jsonl

Installed packages become nodes (:Package {name, version, section, installed_kib, summary}); what they need becomes
DEPENDS_ON, PRE_DEPENDS_ON and RECOMMENDS relationships {constraint}. A dependency on a virtual package leads to the
installed package that provides it; the first installed alternative of `a | b` is taken; what is not installed is left out.
"""
import json
import re
import sys

KINDS = {"Depends": "DEPENDS_ON", "Pre-Depends": "PRE_DEPENDS_ON", "Recommends": "RECOMMENDS"}
TERM = re.compile(r"^\s*([a-z0-9][a-z0-9+.-]*)(?::\w+)?\s*(?:\(([^)]*)\))?")


def paragraphs(path):
    """Yields the fields of each paragraph of a Debian control file."""
    fields, last = {}, None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line:
                if fields:
                    yield fields
                fields, last = {}, None
            elif line[0] in " \t" and last:
                fields[last] += "\n" + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                fields[last] = value.strip()
    if fields:
        yield fields


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "/var/lib/dpkg/status"
    packages = {}
    for fields in paragraphs(path):
        if fields.get("Status", "").endswith(" installed") and "Package" in fields:
            packages[fields["Package"]] = fields
    providers = {name: name for name in packages}
    for name, fields in sorted(packages.items()):
        for term in fields.get("Provides", "").split(","):
            match = TERM.match(term)
            if match:
                providers.setdefault(match.group(1), name)
    out = sys.stdout
    for name, fields in sorted(packages.items()):
        properties = {
            "name": name,
            "version": fields.get("Version", ""),
            "section": fields.get("Section", ""),
            "installed_kib": int(fields.get("Installed-Size", "0") or 0),
            "summary": fields.get("Description", "").split("\n")[0],
        }
        out.write(json.dumps({"type": "node", "id": "Package/" + name, "labels": ["Package"], "key": "name", "properties": properties}) + "\n")
    for name, fields in sorted(packages.items()):
        seen = set()
        for field, kind in KINDS.items():
            for group in fields.get(field, "").split(","):
                for term in group.split("|"):
                    match = TERM.match(term)
                    target = providers.get(match.group(1)) if match else None
                    if target is None:
                        continue
                    if target != name and (kind, target) not in seen:
                        seen.add((kind, target))
                        properties = {"constraint": match.group(2)} if match.group(2) else {}
                        out.write(json.dumps({
                            "type": "relationship", "label": kind, "properties": properties,
                            "start": {"id": "Package/" + name}, "end": {"id": "Package/" + target}}) + "\n")
                    break


if __name__ == "__main__":
    main()
