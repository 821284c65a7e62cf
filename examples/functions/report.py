"""Puts findings together into a page."""


def write(given):
    """{title, degrees, chains, sections, machine} -> {markdown, lines}"""
    machine = given["machine"]
    lines = [f"# {given['title']}", "", f"On {machine['system']} with {machine['cores']} cores.", ""]
    lines += ["## Needed by most", ""]
    lines += [f"- **{name}**: {count} packages" for name, count in given["degrees"]["needed"]]
    lines += ["", "## Needing most", ""]
    lines += [f"- **{name}**: {count} packages" for name, count in given["degrees"]["needing"]]
    lines += ["", f"## Longest chains ({given['chains']['length']} packages)", ""]
    lines += ["- " + " > ".join(chain) for chain in given["chains"]["chains"][:3]]
    lines += ["", "## Where the space goes", ""]
    lines += [f"- {name}: {count} packages, {mib} MiB" for name, count, mib in given["sections"]]
    return {"markdown": "\n".join(lines) + "\n", "lines": len(lines)}
