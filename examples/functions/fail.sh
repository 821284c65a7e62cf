#!/bin/sh
# Fails and says why.
echo "step one went well"
echo "cannot read the table: column 7 is missing" >&2
exit 3
