#!/bin/sh
# A place of its own for Node-RED, and the PostgreSQL client its function node uses.
set -eu
here=$(dirname "$0")/../../var/peers/node-red
mkdir -p "$here"
cd "$here"
[ -f package.json ] || npm init -y > /dev/null
npm install --no-audit --no-fund --silent node-red@4 pg
