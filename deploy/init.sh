#!/bin/sh
# Makes the secrets and the certificate that are missing, each where only its own
# service finds it, and touches nothing that is there. It runs in the service
# "init" of docker-compose.yml, as root of a container without a network.
#
#   init.sh make                     what `docker compose up` does
#   init.sh show admin-password|url  for whoever runs the gateway
#   init.sh secret next|swap|forget  the steps of deploy/rotate-secret.sh
set -eu
umask 077

root=${SECRETS_ROOT:-/secrets}
gateway=$root/gateway postgres=$root/postgres tls=$root/tls
gateway_user=65532 proxy_user=101

# put FILE OWNER MODE: standard input becomes the file, all at once or not at all.
put() {
	cat >"$1.new"
	chown "$2:$2" "$1.new"
	chmod "$3" "$1.new"
	mv "$1.new" "$1"
}

fail() {
	echo "init: $1" >&2
	exit 1
}

random() { openssl rand -base64 48 | tr -d '\n'; }

put_for_gateway() { put "$gateway/$1" "$gateway_user" 0400; }

make_secrets() {
	[ -s "$gateway/secret" ] || random | put_for_gateway secret
	[ -s "$gateway/secret-previous" ] || put_for_gateway secret-previous <"$gateway/secret"
	[ -s "$gateway/admin-password" ] || openssl rand -hex 12 | put_for_gateway admin-password
	# Whichever user the image's PostgreSQL runs as reads it: nobody else has the volume.
	[ -s "$postgres/password" ] || openssl rand -hex 32 | tr -d '\n' | put "$postgres/password" 0 0444
	# Without TLS: the network between the two is internal to this machine.
	[ -s "$gateway/database-url" ] ||
		printf 'postgres://gatehouse:%s@postgres:5432/gatehouse?sslmode=disable' "$(cat "$postgres/password")" |
		put_for_gateway database-url
	chmod 0755 "$gateway" "$postgres"
}

# host is the site's, without port and path.
host() {
	h=${SITE_URL:-https://localhost}
	h=${h#*://} h=${h%%/*}
	case $h in
	\[*) h=${h#\[} h=${h%%\]*} ;;
	*) h=${h%%:*} ;;
	esac
	printf %s "$h"
}

# A certificate of our own making lets everything be tried; browsers warn of it.
# It is replaced when it runs out or is for another host. One that was put in from
# outside has no mark beside it, and is left alone.
make_certificate() {
	name=$(host)
	if [ -s "$tls/tls.crt" ] && [ -s "$tls/tls.key" ]; then
		[ -e "$tls/self-made" ] || return 0
		[ "$(cat "$tls/self-made")" = "$name" ] && openssl x509 -checkend 2592000 -noout -in "$tls/tls.crt" >/dev/null && return 0
	fi
	case $name in
	*:*) kind=IP ;;
	*[!0-9.]*) kind=DNS ;;
	*) kind=IP ;;
	esac
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 365 -subj "/CN=$name" \
		-addext "subjectAltName=$kind:$name,DNS:localhost,IP:127.0.0.1,IP:::1" -addext 'extendedKeyUsage=serverAuth' \
		-keyout /tmp/tls.key -out /tmp/tls.crt 2>/dev/null
	printf %s "$name" >"$tls/self-made"
	put "$tls/tls.key" "$proxy_user" 0400 </tmp/tls.key
	put "$tls/tls.crt" "$proxy_user" 0444 </tmp/tls.crt
	chmod 0755 "$tls"
	rm /tmp/tls.key /tmp/tls.crt
	echo "init: made a certificate for $name; put a real one in before anybody else uses this (docs/deployment.md)"
}

case "${1:-make} ${2:-}" in
'make ')
	make_secrets
	make_certificate
	echo "init: everything is there"
	;;
'show url')
	echo "The gateway is at $SITE_URL. The first System Admin's password: docker compose run --rm init show admin-password"
	;;
'show admin-password') cat "$gateway/admin-password" ;;
'secret next') # every node opens what the next secret will seal, before one does
	[ ! -e "$gateway/secret-retired" ] || fail "the rotation before is not finished: run deploy/rotate-secret.sh finish first"
	# Another one now would orphan what a node may have sealed with this one.
	cmp -s "$gateway/secret" "$gateway/secret-previous" || exit 0
	random | put_for_gateway secret-previous
	;;
'secret swap') # the next one seals, and the one before it still opens
	! cmp -s "$gateway/secret" "$gateway/secret-previous" || fail "there is no next secret yet"
	[ -e "$gateway/secret-retired" ] || put_for_gateway secret-retired <"$gateway/secret"
	# If this stops half-way it can be run again: nothing is lost, and the end is the same.
	cmp -s "$gateway/secret" "$gateway/secret-retired" && put_for_gateway secret <"$gateway/secret-previous"
	put_for_gateway secret-previous <"$gateway/secret-retired"
	;;
'secret forget') # what the one before sealed is dead now
	put_for_gateway secret-previous <"$gateway/secret"
	rm -f "$gateway/secret-retired"
	;;
*)
	echo "usage: init.sh make | show admin-password|url | secret next|swap|forget" >&2
	exit 2
	;;
esac
