#!/usr/bin/env bash
# usage: demo.sh PLEXUS
# The main job of Plexus from end to end, in a temporary folder, with nothing faked: a server on SQLite, a network and
# a real graph, questions, permissions, a pipeline on a worker, a crash, and the pictures. Exit code 0 only if every
# step did what it should.
set -euo pipefail
plexus=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
home=${PLEXUS_DEMO_HOME:-$(mktemp -d "${TMPDIR:-/tmp}/plexus-demo.XXXXXX")}
pictures=$home/pictures
mkdir -p "$pictures"
bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'
[ -t 1 ] || bold='' dim='' green='' plain=''
step=0
server='' worker=''

say() { step=$((step + 1)); printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"; }
note() { printf '%s   %s%s\n' "$dim" "$1" "$plain"; }
run() { printf '%s   $ plexus %s%s\n' "$dim" "$*" "$plain"; "$plexus" "$@" | sed 's/^/   /'; }
fail() { printf '\nThe demo stops here: %s\nIts folder is %s\n' "$1" "$home" >&2; exit 1; }
expect() { # TEXT COMMAND...: the command's output holds the text
    local text=$1 out; shift
    printf '%s   $ plexus %s%s\n' "$dim" "$*" "$plain"
    out=$("$plexus" "$@" 2>&1) || true
    sed 's/^/   /' <<<"$out"
    grep -qF -- "$text" <<<"$out" || fail "\`plexus $*\` should have said: $text"
}
finish() {
    local code=$?
    [ -z "$worker" ] || kill "$worker" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    exit "$code"
}
trap finish EXIT

start_server() {
    "$plexus" serve --data "$home/data" --http "127.0.0.1:${port:-0}" >"$home/server.out" 2>>"$home/server.log" &
    server=$!
    for _ in $(seq 200); do
        url=$(sed -n 's/^listening on //p' "$home/server.out")
        if [ -n "$url" ] && curl -fs "$url/readyz" >/dev/null; then export PLEXUS_URL=$url; return; fi
        kill -0 "$server" 2>/dev/null || { cat "$home/server.log" >&2; fail "the server did not start"; }
        sleep 0.05
    done
    fail "the server was not ready within 10 s"
}

picture() { # NAME BYTES-FILE: the file is there and is a picture
    [ "$(wc -c <"$2")" -gt 500 ] || fail "the picture $1 is empty"
    note "picture: $2"
}

printf '%sPlexus: a private compute network as one property graph%s\n' "$bold" "$plain"
note "everything happens in $home"

say "Start a server on an empty folder"
start_server
PLEXUS_TOKEN=$(sed -n 's/^administrator token (shown only now): //p' "$home/server.out")
export PLEXUS_TOKEN
[ -n "$PLEXUS_TOKEN" ] || fail "no administrator token was printed"
note "$PLEXUS_URL is ready; the administrator's token was printed once"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$PLEXUS_URL/db/plexus/query/v2" -d '{"statement":"CREATE (n)"}')" = 401 ] \
    || fail "a change without a token was not refused"
note "a change without the token is refused with 401"

say "Bring in a network: users, groups, zones, machines, functions, grants with validity periods"
run import "$here/network"

say "Bring in a graph that nobody here wrote: the packages of this machine"
python3 "$here/debian/dpkg_to_jsonl.py" >"$home/packages.jsonl"
run import "$home/packages.jsonl"

say "Ask the graph in Cypher"
run shell -c "MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY nodes DESC, label LIMIT 6"
run shell -c "MATCH (p:Package)<-[:DEPENDS_ON]-(q) RETURN p.name AS package, count(q) AS needed_by ORDER BY needed_by DESC LIMIT 5"
run shell -c "MATCH (:Package {name: 'bash'})-[:DEPENDS_ON|PRE_DEPENDS_ON*1..3]->(p) RETURN DISTINCT p.name AS bash_needs ORDER BY bash_needs"
note "a mistake is shown where it is:"
expect "did you mean" shell -c "MATCH (user:User) WHERE usr.name = 'x' RETURN user"
note "the same query over HTTP:"
curl -fsS "$PLEXUS_URL/db/plexus/query/v2" -H "Authorization: Bearer $PLEXUS_TOKEN" \
    -d '{"statement": "MATCH (u:User {id: $id}) RETURN u.name AS name", "parameters": {"id": "anne"}}' >"$home/query.json"
sed 's/^/   /' "$home/query.json"; echo
grep -q '"values":\[\["Anne Berg"\]\]' "$home/query.json" || fail "the HTTP query gave another answer"

say "May they? Permissions over the same graph, with reasons"
expect "allowed: user:anne" check user:anne can_run function:clean --explain
expect "expired on 2026-06-30" check user:farid can_see zone:reports --explain
expect "allowed" check user:farid can_see zone:reports --at 2026-06-29T00:00:00Z
curl -fsS "$PLEXUS_URL/access/v1/evaluation" -H "Authorization: Bearer $PLEXUS_TOKEN" -H 'Content-Type: application/json' \
    -d '{"subject":{"type":"user","id":"anne"},"action":{"name":"can_run"},"resource":{"type":"function","id":"clean"}}' |
    grep -q '"decision":true' || fail "AuthZEN gave another answer"
curl -fsS "$PLEXUS_URL/stores/plexus/check" -H "Authorization: Bearer $PLEXUS_TOKEN" \
    -d '{"tuple_key":{"user":"user:farid","relation":"can_see","object":"zone:reports"}}' |
    grep -q '"allowed":false' || fail "OpenFGA's API gave another answer"
note "AuthZEN and OpenFGA clients get the same answers"
for name in anne:can_run:function:clean farid:can_see:zone:reports; do
    IFS=: read -r user relation type id <<<"$name"
    curl -fsS "$PLEXUS_URL/v1/explain" -H "Authorization: Bearer $PLEXUS_TOKEN" -H 'Accept: image/svg+xml' \
        -d "{\"subject\":\"user:$user\",\"relation\":\"$relation\",\"object\":\"$type:$id\"}" >"$pictures/why-$user.svg"
    picture "why-$user" "$pictures/why-$user.svg"
done

say "Functions from a git repository, and a pipeline that is a DOT file"
repository=$home/functions
mkdir "$repository"
cp "$here"/functions/*.py "$here"/functions/*.sh "$repository"
git -C "$repository" init -q
git -C "$repository" add -A
git -C "$repository" -c user.name=demo -c user.email=demo@example.org commit -qm "functions"
git -C "$repository" tag v1
sh "$here/functions/register.sh" "$repository" v1 "$home/definitions"
run function register "$home"/definitions/*.json
run pipeline validate "$here/pipelines/package-report.dot"
run pipeline register "$here/pipelines/package-report.dot" "$here/pipelines/troubles.dot"

say "A worker joins, fetches the functions and runs the pipeline"
"$plexus" worker --slots 2 --work "$home/work" >"$home/worker.log" 2>&1 &
worker=$!
run pipeline run package_report --param 'title="What this machine is made of"' --reference demo --wait
good=$("$plexus" run list --format csv | sed -n 2p | cut -d, -f1)
"$plexus" shell --format csv -c "MATCH (j:Job {id: '$good.report'})-[:RESULTED_IN]->(a) RETURN a.sha256" | tail -1 >"$home/digest"
curl -fsS "$PLEXUS_URL/v1/blobs/$(cat "$home/digest")" -H "Authorization: Bearer $PLEXUS_TOKEN" >"$home/report.json"
python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["markdown"], end="")' "$home/report.json" >"$home/report.md"
sed 's/^/   | /' "$home/report.md"
grep -q "Longest chains" "$home/report.md" || fail "the report is not there"

say "What goes wrong is told, and nothing else breaks"
"$plexus" pipeline run troubles --wait | sed 's/^/   /' && fail "a run that must fail succeeded" || true
bad=$("$plexus" run list --format csv | sed -n 2p | cut -d, -f1)
run run show "$bad"
expect "column 7 is missing" job show "$bad.fail"
kill -0 "$worker" || fail "the worker died"

say "Kill the server with -9 and start it again: everything acknowledged is there"
before=$("$plexus" shell --format csv -c "MATCH (n) RETURN count(n)" | tail -1)
port=${PLEXUS_URL##*:}
kill -9 "$server"; wait "$server" 2>/dev/null || true
start_server
after=$("$plexus" shell --format csv -c "MATCH (n) RETURN count(n)" | tail -1)
note "$before nodes before, $after after"
[ "$before" = "$after" ] || fail "nodes were lost"
run pipeline run package_report --wait
note "the worker found the server again by itself"

say "Pictures"
for format in svg png; do
    curl -fsS "$PLEXUS_URL/v1/runs/$good/graph.$format" -H "Authorization: Bearer $PLEXUS_TOKEN" >"$pictures/run.$format"
    picture run "$pictures/run.$format"
done
curl -fsS "$PLEXUS_URL/v1/runs/$bad/graph.svg" -H "Authorization: Bearer $PLEXUS_TOKEN" >"$pictures/troubles.svg"
picture troubles "$pictures/troubles.svg"
"$plexus" render network -o "$pictures/network.svg"
picture network "$pictures/network.svg"
"$plexus" render packages --param package=git -o "$pictures/packages.svg"
picture packages "$pictures/packages.svg"
"$plexus" render machines -o "$pictures/machines.svg"
picture machines "$pictures/machines.svg"
"$plexus" render "$here/pipelines/package-report.dot" -o "$pictures/pipeline.svg"
picture pipeline "$pictures/pipeline.svg"

printf '\n%sAll %d steps worked.%s Look at the pictures in %s\n' "$green$bold" "$step" "$plain" "$pictures"
note "the graph stays there: plexus shell --data $home/data"
