#!/usr/bin/env bash
# usage: load.sh URL
# Makes the stores of AuthZEN's public scenarios on a server and prints the base URL of each; PLEXUS_TOKEN is the token, where
# one is needed. A model is FILE.fga, its data FILE.cypher, a statement a line.
set -euo pipefail
url=${1:?load.sh URL}
cd "$(dirname "$0")"
ask() { # METHOD PATH TYPE BODY
    curl -fsS -X "$1" "$url$2" -H "Content-Type: $3" ${PLEXUS_TOKEN:+-H "Authorization: Bearer $PLEXUS_TOKEN"} --data-binary "$4" >/dev/null
}
for model in *.fga; do
    name=authzen-${model%.fga}
    ask POST /stores application/json "{\"name\": \"$name\"}"
    ask POST "/stores/$name/authorization-models" text/plain "$(cat "$model")"
    while IFS= read -r statement; do
        ask POST "/db/$name/query/v2" application/json "{\"statement\": \"${statement//\\/\\\\}\"}"
    done <"${model%.fga}.cypher"
    echo "$name $url/stores/$name"
done
