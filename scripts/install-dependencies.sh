#!/usr/bin/env bash
# Installs the Debian packages that building and running need, those that are missing only.
set -euo pipefail
packages=(libgraphviz-dev graphviz libssl-dev libsqlite3-dev libxxhash-dev libedit-dev pkg-config git curl python3 python3-venv fonts-dejavu-core strace)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing: ${missing[*]}"
sudo=''
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
