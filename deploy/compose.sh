# Functions for the scripts in this directory. compose runs docker compose 2, or
# docker-compose 1.29 if version 2 is not installed.

if docker compose version >/dev/null 2>&1; then
	compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null; then
	compose() { docker-compose "$@"; }
else
	echo "Docker Compose is not installed. Install it, for example with: sudo apt-get install docker-compose" >&2
	exit 1
fi

# await_healthy SERVICE waits up to two minutes until the health check of the service succeeds.
await_healthy() {
	local id
	id=$(compose ps -aq "$1")
	for _ in $(seq 240); do
		[ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ] && return 0
		sleep 0.5
	done
	echo "$1 is not healthy after two minutes. Its log has the reason: docker compose logs $1" >&2
	return 1
}
