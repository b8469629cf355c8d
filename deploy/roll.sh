#!/usr/bin/env bash
# Restarts the nodes one after another without losing a request. Run it after a new
# image was built or pulled, or after a secret was changed.
#
#   deploy/roll.sh                all nodes
#   deploy/roll.sh gateway-2      one node
#
# For each node: nginx sends it no new requests. The node finishes its requests and
# stops. The new container becomes healthy. nginx sends it requests again. If a
# container does not become healthy, the script stops, and the other nodes keep running.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/compose.sh

[ $# -gt 0 ] || set -- gateway-1 gateway-2 gateway-3
for node in "$@"; do
	echo "$node: draining"
	compose exec -T proxy touch "/run/drain/$node"
	sleep 1 # for requests that nginx had already assigned to this node
	compose up -d --no-deps --no-build --force-recreate "$node"
	await_healthy "$node"
	compose exec -T proxy rm "/run/drain/$node"
	echo "$node: running again"
done
