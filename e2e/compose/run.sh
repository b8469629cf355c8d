#!/usr/bin/env bash
# make compose-test: builds the stack of docker-compose.yml, starts it as a project
# of its own on ports of its own, runs the tests of this folder against it, and
# takes it down.
#
#   GATEHOUSE_BASE_IMAGES   where no registry can be reached: a script that makes the
#                           base images it is given as arguments
#   KEEP=1                  leave the stack running, to look at it
#   RUN=TestName            run only these tests
#
# It ends with 69 (EX_UNAVAILABLE) where there can be no stack: no engine, no images.
set -euo pipefail
cd "$(dirname "$0")/../.."

export COMPOSE_PROJECT_NAME=gatehouse-test COMPOSE_FILE=docker-compose.yml:docker-compose.test.yml
export SITE_URL=https://localhost:18443 HTTPS_PORT=18443 HTTP_PORT=18080 NODE_PORTS=1806 NETWORK=172.31.66
export GATEHOUSE_IMAGE=gatehouse:test DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0}
started=

# forget PROGRAM FILE removes the file with the process id of a program that was
# killed: once something else has that id, the next one would not start.
forget() {
	[ -f "$2" ] && [ "$(cat "/proc/$(cat "$2")/comm" 2>/dev/null)" != "$1" ] && rm -f "$2"
	return 0
}

engine() {
	docker info >/dev/null 2>&1 && return
	if ! command -v dockerd >/dev/null || ! command -v docker-compose >/dev/null && ! docker compose version >/dev/null 2>&1; then
		if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
			echo "compose-test needs Docker and docker compose. Please install and start them, e.g.: sudo apt-get install -y docker.io docker-compose" >&2
			exit 69
		fi
		echo "installing a Docker engine for compose-test"
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends docker.io docker-compose iptables || exit 69
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "The Docker engine does not answer. Please start it, e.g.: sudo systemctl start docker" >&2
		exit 69
	fi
	forget dockerd /var/run/docker.pid
	forget containerd /var/run/docker/containerd/containerd.pid
	nohup dockerd >"${TMPDIR:-/tmp}/gatehouse-dockerd.log" 2>&1 </dev/null &
	started=$!
	for _ in $(seq 120); do
		docker info >/dev/null 2>&1 && return
		sleep 0.5
	done
	tail -20 "${TMPDIR:-/tmp}/gatehouse-dockerd.log" >&2
	kill "$started" 2>/dev/null || true
	exit 69
}

base_images() {
	local image missing=()
	for image in $(sed -nE 's/^FROM ([^ ]+).*/\1/p' Dockerfile) $(sed -nE 's/^ *image: ([a-z][^ ]*:[^ ]*).*/\1/p' docker-compose.yml | sort -u); do
		docker image inspect "$image" >/dev/null 2>&1 || timeout 600 docker pull -q "$image" || missing+=("$image")
	done
	[ ${#missing[@]} -eq 0 ] && return
	if [ ! -f "${GATEHOUSE_BASE_IMAGES:-}" ]; then
		echo "These images cannot be pulled: ${missing[*]}" >&2
		exit 69
	fi
	bash "$GATEHOUSE_BASE_IMAGES" "${missing[@]}"
}

finish() {
	local status=$?
	if [ $status -ne 0 ] && docker info >/dev/null 2>&1; then
		mkdir -p e2e/artifacts
		compose logs --no-color --timestamps >e2e/artifacts/compose.log 2>&1 || true
		grep '"node_status":"\([0-9, ]*, \)\?50[0-9]' e2e/artifacts/compose.log | tail -20 >&2 || true # what no node, or a node in trouble, answered
		echo "the log of all containers: e2e/artifacts/compose.log" >&2
	fi
	if [ -z "${KEEP:-}" ]; then
		compose down --volumes --timeout 5 >/dev/null 2>&1 || true
		[ -z "$started" ] || kill "$started" || true
	fi
	exit $status
}

engine
. deploy/compose.sh
trap finish EXIT
base_images
compose down --volumes --timeout 5 >/dev/null 2>&1 || true # of a run that was killed
compose build
compose up -d --no-build
for service in gateway-1 gateway-2 gateway-3 proxy; do await_healthy "$service"; done
compose exec -T gateway-1 gatehouse settings set enable_oauth_service_provider true
go -C e2e/compose vet ./...
GATEHOUSE_STACK=1 go -C e2e/compose test -count=1 -timeout 20m -v ${RUN:+-run "$RUN"} ./...
