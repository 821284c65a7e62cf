#!/usr/bin/env bash
# The documentation of all rooms and of the HTTP API as a site of files: .build/docs/index.html.
# $1: a built plexus.
set -euo pipefail
cd "$(dirname "$0")/.."
graphs=.build/docs-graphs site=.build/docs
rm -rf "$graphs" "$site"
mkdir -p "$graphs" "$site"
swift package dump-symbol-graph --minimum-access-level package --skip-synthesized-members > /dev/null
emitted=$(find .build -maxdepth 3 -type d -name symbolgraph | head -1)
rooms=()
for folder in Sources/*/; do
    room=$(basename "$folder")
    if [ -f "$emitted/$room.symbols.json" ]; then rooms+=("$room"); fi
done
docc=$(command -v docc || echo "$(dirname "$(readlink -f "$(command -v swift)")")/docc")
for room in "${rooms[@]}"; do
    mkdir -p "$graphs/$room"
    cp "$emitted/$room".symbols.json "$emitted/$room"@*.symbols.json "$graphs/$room/" 2> /dev/null || true
    "$docc" convert --additional-symbol-graph-dir "$graphs/$room" --output-path "$site/$room" \
        --fallback-display-name "$room" --fallback-bundle-identifier "plexus.$room" \
        --transform-for-static-hosting --hosting-base-path "/$room" > "$graphs/$room.log" 2>&1
done
# What the server says of itself, from a server on a folder of its own.
folder=$(mktemp -d)
"$1" serve --data "$folder" --http 127.0.0.1:0 --bolt 127.0.0.1:0 --auth none > "$folder/log" 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null; wait "$server" 2> /dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 200); do
    address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$folder/log" | head -1 || true)
    if [ -n "$address" ] && curl -fs "$address/readyz" > /dev/null; then break; fi
    if ! kill -0 "$server" 2> /dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
curl -fsS "$address/docs" -o "$site/http.html"
curl -fsS "$address/openapi.json" -o "$site/openapi.json"
{
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Plexus</title><h1>Plexus</h1>'
    echo '<p><a href="http.html">HTTP API</a> (<a href="openapi.json">OpenAPI</a>). The rooms of the house:</p><ul>'
    for room in "${rooms[@]}"; do
        echo "<li><a href=\"$room/documentation/${room,,}/index.html\">$room</a></li>"
    done
    echo '</ul></html>'
} > "$site/index.html"
echo "wrote $site/index.html: ${#rooms[@]} rooms; look at it with python3 -m http.server -d $site"
