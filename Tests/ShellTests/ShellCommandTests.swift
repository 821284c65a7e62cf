import Testing

@testable import Shell

/// What lines that begin with a colon mean.
@Suite struct ShellCommandTests {
    @Test(
        "Commands are read with their arguments",
        arguments: [
            (":help", ShellCommand.help(nil)), (":help :use", .help("use")), (":use films;", .use("films")),
            (":param x => 1 + 2", .setParameter(name: "x", value: "1 + 2", isJSON: false)),
            (":param x={\"a\": 1}", .setParameter(name: "x", value: "{\"a\": 1}", isJSON: true)),
            (":param x: 'a'", .setParameter(name: "x", value: "'a'", isJSON: false)),
            (":param $x 5", .setParameter(name: "x", value: "5", isJSON: false)),
            (":params", .listParameters), (":params clear", .clearParameters), (":BEGIN", .begin),
            (":explain MATCH (n) RETURN n;", .explain("MATCH (n) RETURN n")), (":profile", .profile(nil)),
            (":graph a.svg", .graph("a.svg")), (":timing off", .timing(false)),
            (":format csv", .format(.csv)),
            (":q", .exit),
        ])
    func commands(line: String, command: ShellCommand) throws {
        #expect(try ShellCommand(line) == command)
    }

    @Test(
        "What is wrong is said, with what to write instead",
        arguments: [
            (":use", "`:use` needs a graph's name; see `:help use`"),
            (":format xml", "there is no format `xml`: table, json, csv, jsonl"),
            (":bgin", "there is no command `:bgin`; did you mean `:begin`? `:help` lists them"),
            (":", "there is no command `:`; `:help` lists them"),
            (":param x", "write `:param name => expression`, as in `:param since => date('2026-01-31')`"),
            (":timing maybe", "`:timing` is `on` or `off`"),
        ])
    func mistakes(line: String, message: String) {
        #expect(throws: ShellError(message)) { try ShellCommand(line) }
    }
}
