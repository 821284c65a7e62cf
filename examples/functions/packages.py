"""Reads the installed Debian packages of the machine it runs on."""
import re

TERM = re.compile(r"^\s*([a-z0-9][a-z0-9+.-]*)")


def read(given):
    """{status?} -> {packages: [{name, section, kib}], dependencies: [[from, to]]}"""
    packages, fields = {}, {}
    with open(given.get("status", "/var/lib/dpkg/status"), encoding="utf-8", errors="replace") as file:
        for line in list(file) + ["\n"]:
            if line.strip() == "":
                if fields.get("Status", "").endswith(" installed"):
                    packages[fields["Package"]] = fields
                fields = {}
            elif line[0] not in " \t" and ":" in line:
                key, value = line.split(":", 1)
                fields[key] = value.strip()
    providers = {name: name for name in packages}
    for name, fields in sorted(packages.items()):
        for term in fields.get("Provides", "").split(","):
            match = TERM.match(term)
            if match:
                providers.setdefault(match.group(1), name)
    dependencies = set()
    for name, fields in packages.items():
        for group in (fields.get("Depends", "") + "," + fields.get("Pre-Depends", "")).split(","):
            for term in group.split("|"):
                match = TERM.match(term)
                target = providers.get(match.group(1)) if match else None
                if target:
                    if target != name:
                        dependencies.add((name, target))
                    break
    print(f"read {len(packages)} packages and {len(dependencies)} dependencies")
    return {
        "packages": [
            {"name": n, "section": f.get("Section", "unknown"), "kib": int(f.get("Installed-Size", "0") or 0)}
            for n, f in sorted(packages.items())
        ],
        "dependencies": sorted(map(list, dependencies)),
    }
