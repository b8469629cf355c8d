#!/usr/bin/env bash
# make compose-test: builds the stack of docker-compose.yml, starts it as a separate
# project on separate ports, runs the tests of this folder against it, and removes
# it.
#
#   KEEP=1         keep the stack running after the tests
#   RUN=TestName   run only these tests
#
# It exits with 69 (EX_UNAVAILABLE) if this machine can have no Docker engine or no
# base images. If no container registry can be reached, the base images are local
# stand-ins (base-images).
set -euo pipefail
cd "$(dirname "$0")/../.."
. e2e/compose/engine.sh

export COMPOSE_PROJECT_NAME=gatehouse-test COMPOSE_FILE=docker-compose.yml:docker-compose.test.yml
export SITE_URL=https://localhost:18443 HTTPS_PORT=18443 HTTP_PORT=18080 NODE_PORTS=1806 NETWORK=172.31.66
export GATEHOUSE_IMAGE=gatehouse:test DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0}
# The image downloads Go modules in the same way as this machine.
GOPROXY=$(go env GOPROXY) GOSUMDB=$(go env GOSUMDB) GONOSUMDB=$(go env GONOSUMDB)
export GOPROXY GOSUMDB GONOSUMDB

# get_base_images pulls the images that are missing, or makes stand-ins for them.
get_base_images() {
	local image missing=()
	for image in $(base_images); do
		docker image inspect "$image" >/dev/null 2>&1 || timeout 600 docker pull -q "$image" || missing+=("$image")
	done
	[ ${#missing[@]} -eq 0 ] && return
	echo "These images cannot be pulled: ${missing[*]}" >&2
	e2e/compose/base-images "${missing[@]}"
}

finish() {
	local status=$?
	if [ $status -ne 0 ] && docker info >/dev/null 2>&1; then
		mkdir -p e2e/artifacts
		compose logs --no-color --timestamps >e2e/artifacts/compose.log 2>&1 || true
		# The last requests that a node answered with 500 to 509, or that no node answered.
		grep '"node_status":"\([0-9, ]*, \)\?50[0-9]' e2e/artifacts/compose.log | tail -20 >&2 || true
		echo "The log of all containers is in e2e/artifacts/compose.log" >&2
	fi
	if [ -z "${KEEP:-}" ]; then
		compose down --volumes --timeout 5 >/dev/null 2>&1 || true
		stop_engine
	fi
	exit $status
}

start_engine
. deploy/compose.sh
trap finish EXIT
get_base_images
compose down --volumes --timeout 5 >/dev/null 2>&1 || true # what a killed run left
compose build
compose up -d --no-build
for service in gateway-1 gateway-2 gateway-3 proxy; do await_healthy "$service"; done
compose exec -T gateway-1 gatehouse settings set enable_oauth_service_provider true
go -C e2e/compose vet ./...
GATEHOUSE_STACK=1 go -C e2e/compose test -count=1 -timeout 20m -v ${RUN:+-run "$RUN"} ./...
