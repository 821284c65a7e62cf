"""The graph shell: at a real pseudo-terminal, from a pipe, over the network and on a data folder."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from plexus import PLEXUS, Case, run


class Terminal:
    """A program at a pseudo-terminal of so many columns."""

    def __init__(self, arguments, environment, columns=80):
        self.output = b""
        self.seen = 0
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update(environment)
            os.environ["TERM"] = "xterm"
            os.execv(str(PLEXUS), [str(PLEXUS), *map(str, arguments)])
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.code = None

    def read(self, seconds):
        if select.select([self.descriptor], [], [], seconds)[0]:
            try:
                self.output += os.read(self.descriptor, 65536)
            except OSError:
                return False
        return True

    def wait(self, text, seconds=20):
        """Waits until the terminal shows a text that it did not show before; what it showed until then."""
        deadline = time.time() + seconds
        while (place := self.output.find(text.encode(), self.seen)) < 0:
            if time.time() > deadline or not self.read(0.1):
                raise AssertionError(f"{text!r} does not come; the terminal shows\n{self.output[self.seen:].decode()}")
        shown = self.output[self.seen:place].decode()
        self.seen = place + len(text.encode())
        return shown

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def ask(self, line, prompt="plexus> "):
        """Sends a line; what comes before the next prompt."""
        self.send(line + "\n")
        return self.wait("\n" + prompt)

    def end(self):
        deadline = time.time() + 20
        while self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.time() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            else:
                self.read(0.05)
        os.close(self.descriptor)
        return self.code


class ShellAtATerminal(Case):
    def setUp(self):
        super().setUp()
        self.server.query("CREATE (:Person {name: 'Ann'})-[:KNOWS {since: 2020}]->(:Person {name: 'Bob'}), (:Film {name: 'Heat'})")
        self.history = self.folder / "history"

    def shell(self, *arguments, columns=80):
        terminal = Terminal(["shell", *arguments], {
            "PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.server.token, "PLEXUS_HISTORY": str(self.history)}, columns)
        self.addCleanup(lambda: terminal.code is None and os.kill(terminal.pid, signal.SIGKILL))
        terminal.wait("plexus> ")
        return terminal

    def test_a_statement_over_several_lines_is_answered_with_a_table_and_the_time(self):
        shell = self.shell()
        shell.send("MATCH (n:Person)\n")
        shell.wait("      | ")
        answer = shell.ask("RETURN n.name ORDER BY n.name;")
        self.assertIn("n.name\r\n------\r\nAnn\r\nBob\r\n(2 rows)\r\n", answer)
        self.assertRegex(answer, r"[0-9.]+ ms")
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)

    def test_tab_completes_labels_types_keys_and_lists_what_is_open(self):
        shell = self.shell()
        shell.send("MATCH (n:Pers\t")
        shell.wait("on")
        shell.send(")-[r:KN\t")
        shell.wait("OWS")
        shell.send("]->(m) RETURN r.sin\t")
        shell.wait("ce")
        self.assertIn("2020", shell.ask(";"))
        shell.send("MATCH (n:\t\t")
        shown = shell.wait("plexus> MATCH (n:")
        for label in ("Film", "Person"):
            self.assertIn(label, shown)
        shell.send("\x03")
        shell.wait("plexus> ")
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)

    def test_the_history_outlives_the_shell_and_belongs_to_its_owner(self):
        shell = self.shell()
        shell.ask("RETURN 6 * 7 AS answer;")
        shell.send(":exit\n")
        self.assertEqual(shell.end(), 0)
        self.assertEqual(self.history.stat().st_mode & 0o777, 0o600)
        shell = self.shell()
        shell.send("\x1b[A\x1b[A")  # `:exit` and the statement before it
        shell.wait("RETURN 6")
        self.assertIn("42", shell.ask(""))
        shell.send("\x04")
        shell.end()

    def test_ctrl_c_gives_up_what_was_typed_and_ends_a_query_that_runs(self):
        shell = self.shell()
        shell.send("MATCH (n\n")
        shell.wait("| ")
        shell.send("\x03")
        shell.wait("plexus> ")
        self.assertIn("(1 row)", shell.ask("RETURN 1;"))
        shell.send("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a WHERE a < 0 RETURN count(*);\n")
        running = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND' RETURN count(*)"
        deadline = time.time() + 20
        while self.server.query(running) != [[1]] and time.time() < deadline:
            time.sleep(0.02)
        shell.send("\x03")
        shell.wait("stopped")
        shell.wait("plexus> ")
        deadline = time.time() + 5
        while (count := self.server.query(running)) != [[0]] and time.time() < deadline:
            time.sleep(0.02)
        self.assertEqual(count, [[0]])
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)

    def test_an_error_is_shown_with_its_place_and_the_shell_goes_on(self):
        shell = self.shell()
        answer = shell.ask("MATCH (person) RETURN persn;")
        self.assertIn("person", answer)
        self.assertIn("^", answer)
        self.assertIn("`:begin`", shell.ask(":bgin"))
        self.assertIn("(1 row)", shell.ask("RETURN 1;"))
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)

    def test_tables_fit_the_terminal(self):
        shell = self.shell(columns=60)
        answer = shell.ask("UNWIND range(1, 3) AS i RETURN i, 'x' + reduce(s = '', k IN range(1, 200) | s + 'y') AS long;")
        table = [line for line in answer.splitlines() if "yyy" in line]
        self.assertEqual(len(table), 3)
        for line in table:
            self.assertLessEqual(len(line), 60)
        shell.send("\x04")
        shell.end()

    def test_commands_set_parameters_draw_and_explain(self):
        shell = self.shell()
        shell.ask(":param least => 1 + 1")
        self.assertIn("2", shell.ask("RETURN $least AS least;"))
        self.assertIn("least", shell.ask(":params"))
        picture = self.folder / "picture.svg"
        self.assertIn("no nodes to draw", shell.ask(":graph"))
        shell.ask("MATCH p = (:Person)-[:KNOWS]->(:Person) RETURN p;")
        self.assertIn(str(picture), shell.ask(f":graph {picture}"))
        svg = picture.read_text()
        for text in ("<svg", "Ann", "Bob", "knows"):
            self.assertIn(text, svg)
        self.assertIn("+ ", shell.ask(":explain"))
        self.assertIn("steps", shell.ask(":profile MATCH (n:Person) RETURN count(n)"))
        self.assertIn("Runs, newest first", shell.ask(":queries"))
        self.assertIn("MATCH (r:Run)", shell.ask(":queries runs"))
        self.assertIn(":rollback", shell.ask(":help"))
        script = self.folder / "script.cypher"
        script.write_text("// two films\nCREATE (:Film {name: 'Ran'});\nMATCH (f:Film)\nRETURN count(f) AS films;\n")
        self.assertIn("films\r\n-----\r\n2", shell.ask(f":source {script}"))
        shell.ask("CREATE DATABASE other;")
        shell.ask(":use other", prompt="other> ")
        self.assertIn("0", shell.ask("MATCH (n) RETURN count(n);", prompt="other> "))
        self.assertIn("no graph `nowhere`", shell.ask(":use nowhere", prompt="other> "))
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)

    def test_it_works_on_a_data_folder_without_a_server(self):
        self.server.stop()
        shell = self.shell("--data", self.folder / "data")
        self.assertIn("Ann", shell.ask("MATCH (n:Person) RETURN n.name;"))
        shell.send("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a WHERE a < 0 RETURN count(*);\n")
        shell.wait("count(*);")
        time.sleep(0.2)
        shell.send("\x03")
        shell.wait("plexus> ")
        self.assertIn("(1 row)", shell.ask("RETURN 1;"))
        shell.send("\x04")
        self.assertEqual(shell.end(), 0)


class ShellInAPipe(Case):
    def shell(self, text, *arguments, code=0):
        return self.server.run("shell", *arguments, stdin=text, code=code)

    def test_statements_run_until_one_fails_and_the_place_is_told(self):
        output = self.shell("CREATE (:A);\n\nMATCH (a:A)\nRETURN count(a) AS n;\nRETURN nothing;\nCREATE (:A);\n", code=2)
        self.assertIn("n\n-\n1\n", output)
        self.assertIn("line 5: ", output)
        self.assertEqual(self.server.query("MATCH (a:A) RETURN count(a)"), [[1]])

    def test_semicolons_in_texts_do_not_end_statements(self):
        self.assertIn("a;b", self.shell("RETURN 'a;b' AS x;"))

    def test_rows_come_as_json_lines_csv_and_json(self):
        query = "UNWIND [1, 2] AS n RETURN n, 'a,b' AS text;"
        lines = self.shell(query, "--format", "jsonl").splitlines()
        self.assertEqual([json.loads(line) for line in lines], [{"n": 1, "text": "a,b"}, {"n": 2, "text": "a,b"}])
        self.assertEqual(self.shell(query, "--format", "csv"), 'n,text\n1,"a,b"\n2,"a,b"\n')
        self.assertEqual(json.loads(self.shell(query, "--format", "json"))[1]["n"], 2)

    def measured(self, *arguments):
        """-> (exit code, the last and the number of lines, the most memory of the process in MiB)"""
        environment = {**os.environ, "PLEXUS_URL": self.server.url, "PLEXUS_TOKEN": self.server.token}
        process = subprocess.Popen([str(PLEXUS), "shell", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        last, count = b"", 0
        for last in process.stdout:
            count += 1
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, last, count, usage.ru_maxrss >> 10

    def needs_no_memory(self, *arguments):
        for format, extra, end in (("csv", 1, b"300000,some text\n"), ("jsonl", 0, b'{"x":300000,"t":"some text"}\n')):
            with self.subTest(format):
                ask = lambda statement: self.measured(*arguments, "--format", format, "-c", statement)
                *_, little = ask("RETURN 1 AS x")
                code, last, count, much = ask("UNWIND range(1, 300000) AS x RETURN x, 'some text' AS t")
                self.assertEqual((code, count, last), (0, 300_000 + extra, end))
                self.assertLess(much - little, 32)
                # What goes wrong late is told after the rows before it.
                code, last, count, _ = ask("UNWIND range(1, 100000) AS x RETURN 1 / (50001 - x) AS y")
                self.assertEqual((code, count), (2, 50_000 + extra))

    def test_rows_of_a_server_are_printed_as_they_come(self):
        self.needs_no_memory()

    def test_rows_of_a_folder_are_printed_as_they_come(self):
        self.server.stop()
        self.needs_no_memory("--data", self.folder / "data")

    def test_what_goes_wrong_behind_rows_fails_in_every_format(self):
        for format in ("table", "json", "csv", "jsonl"):
            with self.subTest(format):
                self.assertIn("division by zero", self.shell("UNWIND range(1, 100000) AS x RETURN 1 / (90001 - x) AS y;", "--format", format, code=2))

    def transaction(self, shell):
        count = "MATCH (t:T) RETURN count(t) AS n;\n"
        output = shell(f":begin\n{count}CREATE (:T);\n{count}:rollback\n{count}:begin\nCREATE (:T);\n:commit\n{count}")
        self.assertEqual(re.findall(r"^n\n(\d+)$", output, re.M), ["0", "1", "0", "1"])
        self.assertIn("no transaction is open", shell(":commit\n", code=2))
        self.assertIn("it was not committed", shell(":begin\nCREATE (:T);\n"))
        self.assertIn("line 3: ", shell(":begin\nCREATE (:T);\nRETURN 1 / 0;\n:commit\n", code=2))
        self.assertEqual(shell(count).split(), ["n", "1"])

    def test_a_transaction_on_a_folder_is_kept_or_undone_as_a_whole(self):
        self.server.stop()
        self.transaction(lambda text, code=0: run(
            "shell", "--data", self.folder / "data", "--format", "csv", stdin=text, code=code))

    def test_a_transaction_on_a_server_is_kept_or_undone_as_a_whole(self):
        self.transaction(lambda text, code=0: self.shell(text, "--format", "csv", code=code))

    def test_a_file_that_is_not_there_and_one_that_runs_itself_are_refused(self):
        self.assertIn("No such file", self.shell(":source /nowhere/x.cypher\n", code=2))
        script = pathlib.Path(self.folder) / "self.cypher"
        script.write_text(f":source {script}\n")
        self.assertIn("does one run itself", self.shell(f":source {script}\n", code=2))

    def test_no_server_and_a_wrong_token_have_their_own_exit_codes(self):
        run("shell", "-c", "RETURN 1", "--url", "http://127.0.0.1:9", code=3)
        run("shell", "-c", "RETURN 1", "--url", self.server.url, "--token", "plx_wrong_token", code=4)


if __name__ == "__main__":
    unittest.main()
