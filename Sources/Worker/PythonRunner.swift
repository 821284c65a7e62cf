/// The program that calls a Python function: `python3 -c SOURCE module:function`.
///
/// The function takes the input as a dict and returns the result as a dict; what it prints is its log.
enum PythonRunner {
    static let source = """
        import importlib, json, os, sys
        sys.path.insert(0, os.getcwd())
        module, name = sys.argv[1].split(":", 1)
        module = module[:-3] if module.endswith(".py") else module
        with open(os.environ["PLEXUS_INPUT"], encoding="utf-8") as file:
            given = json.load(file)
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        result = function(given)
        if not isinstance(result, dict):
            sys.exit("%s returned a %s, not a dict" % (sys.argv[1], type(result).__name__))
        path = os.environ["PLEXUS_RESULT"]
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(result, file, ensure_ascii=False)
        os.replace(path + ".part", path)
        """

    /// The same for many calls, one after another: `python3 -c SOURCE module:function`, requests on standard input, answers on
    /// standard output, a line of JSON each. A call sees the job's files as its streams, its variables and its folder; what it
    /// left in modules stays. The files are those of the call before, written anew. The process ends after a call that failed or left threads running.
    static let warmSource = """
        import importlib, json, os, sys, threading, traceback
        requests = os.fdopen(os.dup(0), encoding="utf-8")
        answers = os.dup(1)
        home, base, function = os.getcwd(), dict(os.environ), None
        sys.path.insert(0, home)
        module, name = sys.argv[1].split(":", 1)
        module = module[:-3] if module.endswith(".py") else module
        def redirect(number, path, flags):
            file = os.open(path, flags, 0o600)
            os.dup2(file, number)
            os.close(file)
        for line in requests:
            request = json.loads(line)
            redirect(0, request["input"], os.O_RDONLY)
            redirect(1, request["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            redirect(2, request["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            sys.stdin = open(0, encoding="utf-8", closefd=False)
            os.environ.clear()
            os.environ.update(base)
            os.environ.update(request["variables"])
            os.chdir(home)
            path = os.environ["PLEXUS_RESULT"]
            if os.path.exists(path):
                os.truncate(path, 0)
            code = 0
            try:
                if function is None:
                    function = getattr(importlib.import_module(module.replace("/", ".")), name)
                with open(request["input"], encoding="utf-8") as file:
                    given = json.load(file)
                result = function(given)
                if not isinstance(result, dict):
                    sys.exit("%s returned a %s, not a dict" % (sys.argv[1], type(result).__name__))
                with open(path, "w", encoding="utf-8") as file:
                    file.write(json.dumps(result, ensure_ascii=False))
                for thread in threading.enumerate():
                    if thread is not threading.current_thread() and not thread.daemon:
                        thread.join()
            except SystemExit as end:
                code = end.code
                if code is None:
                    code = 0
                elif not isinstance(code, int):
                    print(code, file=sys.stderr)
                    code = 1
            except BaseException:
                traceback.print_exc()
                code = 1
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            except Exception:
                pass
            again = code == 0 and threading.active_count() == 1
            written = os.path.exists(path) and os.path.getsize(path) > 0
            os.write(answers, (json.dumps({"code": code & 255, "again": again, "result": written}) + "\\n").encode())
            if not again:
                break
        os._exit(0)
        """
}
