#!/bin/sh
# Never ends, and starts a child that never ends either: what a timeout has to deal with.
sleep 3600 &
trap '' TERM
while :; do sleep 1; done
