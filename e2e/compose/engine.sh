# For the scripts in this folder, which run in the root of the repository.
# shellcheck shell=bash

# engine_pid is the process id of the engine that start_engine started, or empty.
engine_pid=

# base_images prints the names of the images that the stack is made from.
base_images() {
	sed -nE 's/^FROM ([^ ]+).*/\1/p' Dockerfile
	sed -nE 's/^ *image: ([a-z][^ ]*:[^ ]*).*/\1/p' docker-compose.yml docker-compose.test.yml | sort -u
}

# start_engine makes a Docker engine answer. As root on Debian it installs and
# starts one. Otherwise it says what to install or to start, and exits with 69
# (EX_UNAVAILABLE).
start_engine() {
	docker info >/dev/null 2>&1 && return
	if ! command -v dockerd >/dev/null || ! { command -v docker-compose || docker compose version; } >/dev/null 2>&1; then
		if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
			echo "Docker or docker compose is missing. Install and start them, for example: sudo apt-get install -y docker.io docker-compose" >&2
			exit 69
		fi
		echo "Installing a Docker engine"
		.ci/install docker.io docker-compose iptables || exit 69
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "The Docker engine does not answer. Start it, for example: sudo systemctl start docker" >&2
		exit 69
	fi
	remove_stale_pid dockerd /var/run/docker.pid
	remove_stale_pid containerd /var/run/docker/containerd/containerd.pid
	local log=e2e/artifacts/dockerd.log
	mkdir -p e2e/artifacts
	nohup dockerd >"$log" 2>&1 </dev/null &
	engine_pid=$!
	for _ in $(seq 120); do
		docker info >/dev/null 2>&1 && return
		sleep 0.5
	done
	echo "The Docker engine did not start within a minute. The end of $log:" >&2
	tail -20 "$log" >&2
	stop_engine
	exit 69
}

# stop_engine stops the engine that start_engine started, and waits for its end.
stop_engine() {
	[ -n "$engine_pid" ] || return 0
	kill "$engine_pid" 2>/dev/null || true
	wait "$engine_pid" 2>/dev/null || true
	engine_pid=
}

# remove_stale_pid PROGRAM FILE removes the process id file of a program that was
# killed. The program does not start while another process has that id.
remove_stale_pid() {
	[ -f "$2" ] && [ "$(cat "/proc/$(cat "$2")/comm" 2>/dev/null)" != "$1" ] && rm -f "$2"
	return 0
}
