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
}
