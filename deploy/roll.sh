#!/usr/bin/env bash
# Restarts the nodes one after the other, with no request lost: after a new image
# was built or pulled, or a secret was changed.
#
#   deploy/roll.sh                all nodes
#   deploy/roll.sh gateway-2      this one
#
# Each: nginx sends it nothing new ── it finishes what it has and stops ── the new
# one is healthy ── nginx sends to it again. If one does not become healthy,
# it stops there: the others go on as they were.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/compose.sh

[ $# -gt 0 ] || set -- gateway-1 gateway-2 gateway-3
for node in "$@"; do
	echo "$node: emptying"
	compose exec -T proxy touch "/run/drain/$node"
	sleep 1 # for what nginx was about to send when it learned of it
	compose up -d --no-deps --no-build --force-recreate "$node"
	await_healthy "$node"
	compose exec -T proxy rm "/run/drain/$node"
	echo "$node: back"
done
