#!/bin/sh
# usage: register.sh REPOSITORY COMMIT OUTPUT-FOLDER
# Writes the definitions of the example functions, for `plexus function register`.
set -eu
repository=$1 commit=$2 out=$3
mkdir -p "$out"
define() { # name version runtime entry timeout retries description
    cat > "$out/$1.json" <<EOF
{
  "name": "$1",
  "version": "$2",
  "repository": "$repository",
  "commit": "$commit",
  "runtime": "$3",
  "entry": "$4",
  "timeout": "$5",
  "retries": $6,
  "description": "$7",
  "developer": {"name": "Anne Berg", "contact": "anne@example.org"}
}
EOF
}
define packages 1.0.0 python packages.py:read 60s 1 "Reads the installed packages of a machine"
define degrees 1.0.0 python analysis.py:degrees 60s 0 "Counts who needs whom"
define chains 1.0.0 python analysis.py:chains 60s 0 "Finds the longest chains of dependencies"
define sections 1.0.0 python analysis.py:sections 60s 0 "Adds up space by section"
define machine 1.0.0 shell machine.sh 30s 1 "Tells facts of the machine"
define report 1.0.0 python report.py:write 60s 0 "Writes a page of findings"
define hang 1.0.0 shell hang.sh 2s 0 "Never ends"
define garbage 1.0.0 shell garbage.sh 10s 0 "Prints no JSON"
define fail 1.0.0 shell fail.sh 10s 1 "Fails"
