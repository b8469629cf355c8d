# For the scripts here: `compose` is docker compose 2, or docker-compose 1.29 where
# there is no other; the environment says which project it works on, as usual.

if docker compose version >/dev/null 2>&1; then
	compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null; then
	compose() { docker-compose "$@"; }
else
	echo "There is neither docker compose nor docker-compose. Please install one, e.g.: sudo apt-get install docker-compose" >&2
	exit 1
fi

# await_healthy SERVICE: its health check succeeds, within two minutes.
await_healthy() {
	local id
	id=$(compose ps -aq "$1")
	for _ in $(seq 240); do
		[ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ] && return 0
		sleep 0.5
	done
	echo "$1 is not healthy after two minutes; see: docker compose logs $1" >&2
	return 1
}
