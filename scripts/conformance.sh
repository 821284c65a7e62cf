#!/usr/bin/env bash
# usage: conformance.sh CONFORMANCE-FOLDER PLEXUS
# Runs the public suites that this version answers to, each with a floor of passes that may only rise. The suites are
# not part of the project; they, and what they need from PyPI, stay outside of it.
set -euo pipefail
folder=$(realpath "$1") plexus=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
floors=$here/conformance-floors
work=$(mktemp -d "${TMPDIR:-/tmp}/plexus-conformance.XXXXXX")
server='' failures=0
finish() { local code=$?; [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; exit "$code"; }
trap finish EXIT

judge() { # SUITE PASSED
    local floor
    floor=$(awk -v suite="$1" '$1 == suite { print $2 }' "$floors")
    if [ "$2" -ge "$floor" ]; then
        echo "conformance $1: $2 passed, floor $floor"
    else
        echo "conformance $1: $2 passed, BELOW the floor of $floor"
        failures=$((failures + 1))
    fi
}

# What the dot program accepts must be accepted, what it refuses must be refused.
agree=0
while IFS= read -r -d '' file; do
    dot -Tcanon "$file" >/dev/null 2>&1 && theirs=0 || theirs=1
    "$plexus" graphviz-helper parse <"$file" >/dev/null 2>"$work/said" && ours=0 || ours=1
    if [ $theirs = $ours ]; then agree=$((agree + 1)); else echo "dot: $theirs, plexus: $ours for $file: $(head -c 200 "$work/said")"; fi
done < <(find "$folder/dot" -name '*.dot' -print0)
judge dot "$agree"

# The openCypher kit, over the HTTP Query API and over Bolt by the official driver.
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install -r "$folder/opencypher/requirements.txt"
"$plexus" serve --data "$work/data" --http 127.0.0.1:0 --bolt 127.0.0.1:0 --auth none --durability relaxed >"$work/out" 2>"$work/err" &
server=$!
for _ in $(seq 200); do url=$(sed -n 's/^listening on //p' "$work/out"); [ -z "$url" ] || break; sleep 0.1; done
# The kit makes users of its own, without the keys that the network asks for.
curl -fs "$url/db/plexus/query/v2" -d '{"statement": "DROP CONSTRAINT user_key"}' >/dev/null
"$work/venv/bin/python" "$here/tck_http.py" "$folder" "$url" >"$work/tck" 2>&1 || true
tail -n 1 "$work/tck"
judge opencypher "$(tail -n 1 "$work/tck" | awk '{ print $1 }')"
bolt=$(sed -n 's/^bolt listening on //p' "$work/out")
"$work/venv/bin/python" "$folder/opencypher/tck_bolt.py" --uri "$bolt" --features "$folder/opencypher/features" \
    --strict-errors detail --procedures "$url/v1/procedures" >"$work/tck-bolt" 2>&1 || true
tail -n 1 "$work/tck-bolt"
judge opencypher-bolt "$(tail -n 1 "$work/tck-bolt" | awk '{ print $1 }')"

# OpenFGA's cases over its HTTP API: each test in a store of its own.
"$work/venv/bin/pip" -q install PyYAML
"$work/venv/bin/python" "$folder/openfga/openfga_http.py" "$url" "$folder"/openfga/*.yaml --api >"$work/openfga" 2>&1 || true
grep FAIL "$work/openfga" | head -20 || true
judge openfga "$(tail -n 1 "$work/openfga" | awk '{ print $1 }')"

# AuthZEN's scenarios over the models and the data of examples/authzen.
"$here/../examples/authzen/load.sh" "$url" >/dev/null
"$work/venv/bin/python" "$folder/authzen/authzen_http.py" "$url" --dir "$folder/authzen" --suites cert,todo,search,idp \
    --base-cert "$url/stores/authzen-certification" --base-todo "$url/stores/authzen-todo" \
    --base-search "$url/stores/authzen-search" --base-idp "$url/stores/authzen-search" >"$work/authzen" 2>&1 || true
grep FAIL "$work/authzen" | head -20 || true
judge authzen "$(tail -n 1 "$work/authzen" | awk '{ print $1 }')"
[ "$failures" -eq 0 ]
