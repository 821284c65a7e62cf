"""The README's five-minute story: its commands are run as they stand there, and say what it says."""
import re
import subprocess
import unittest

from plexus import Case, PLEXUS, ROOT


def blocks():
    """The commands of the README's story with what each is to print: [(command, [line])]"""
    text = (ROOT / "README.md").read_text()
    story = []
    for block in re.findall(r"^```console story\n(.*?)^```", text, re.M | re.S):
        lines = iter(block.splitlines())
        for line in lines:
            if not line.startswith("$ "):
                story[-1][1].append(line)
                continue
            command = [line[2:]]
            # A here document goes on to its last word; a function to its brace.
            if end := re.search(r"<<'?(\w+)'?$", line):
                for line in lines:
                    command.append(line)
                    if line == end.group(1):
                        break
                if command[0].count("{") > command[0].count("}"):
                    command.append(next(lines))
            story.append(("\n".join(command), []))
    return story


def pattern(lines):
    """A line `...` stands for any lines, `...` in a line for any text."""
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r" *\n" for line in lines]
    return "".join(parts)


class Story(Case):
    def test_the_readme_tells_what_happens(self):
        story = blocks()
        self.assertGreater(len(story), 10)
        mark = "=== next command"
        script = "set -u\ncd \"$STORY\"\n" + "".join(f"{command}\necho '{mark}'\n" for command, _ in story)
        environment = {
            "PATH": f"{PLEXUS.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "STORY": str(self.folder),
            "PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.server.token, "LANG": "C.UTF-8",
            "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org"}
        script += "kill %1; wait\n"
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
        told = done.stdout.split(mark + "\n")
        self.assertEqual(len(told), len(story) + 1, done.stdout + done.stderr)
        for (command, expected), output in zip(story, told):
            with self.subTest(command=command.splitlines()[0]):
                if expected:
                    # Which states of steps are seen on the way depends on the machine.
                    found = re.sub(r"(?m)^  \w+ +(leased|running|queued)\n", "", output)
                    self.assertRegex(found, r"\A" + pattern(expected) + r"\Z", done.stderr)
                else:
                    self.assertEqual(output, "", done.stderr)


if __name__ == "__main__":
    unittest.main()
