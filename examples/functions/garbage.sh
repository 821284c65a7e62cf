#!/bin/sh
# Prints something that is no JSON.
echo "<html>this is not JSON</html>"
