#!/bin/sh
# Creates missing secrets and the certificate. Each is stored where only its own
# service can read it. Existing files are not changed. The script runs in the service
# "init" of docker-compose.yml, as root in a container without a network.
#
#   init.sh make                     create what is missing; `docker compose up` runs this
#   init.sh show admin-password|url  print a value for the operator
#   init.sh secret next|swap|forget  the steps of deploy/rotate-secret.sh
set -eu
umask 077

root=${SECRETS_ROOT:-/secrets}
gateway=$root/gateway postgres=$root/postgres tls=$root/tls
gateway_user=65532 proxy_user=101

# put FILE OWNER MODE writes standard input to the file, atomically.
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
	# The mode is 0444 because the user of PostgreSQL depends on the image. Only the
	# postgres service mounts this volume.
	[ -s "$postgres/password" ] || openssl rand -hex 32 | tr -d '\n' | put "$postgres/password" 0 0444
	# Without TLS, because the network of the nodes and the database is internal to this machine.
	[ -s "$gateway/database-url" ] ||
		printf 'postgres://gatehouse:%s@postgres:5432/gatehouse?sslmode=disable' "$(cat "$postgres/password")" |
		put_for_gateway database-url
	chmod 0755 "$gateway" "$postgres"
}

# host prints the host of SITE_URL, without the port and the path.
host() {
	h=${SITE_URL:-https://localhost}
	h=${h#*://} h=${h%%/*}
	case $h in
	\[*) h=${h#\[} h=${h%%\]*} ;;
	*) h=${h%%:*} ;;
	esac
	printf %s "$h"
}

# make_certificate creates a self-signed certificate, so that the stack can be tried.
# Browsers show a warning for it. It is replaced 30 days before it expires, and if the
# host changes. The file self-made marks it; a certificate without this file comes from
# the operator and is not changed.
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
	echo "init: created a self-signed certificate for $name; replace it before other users sign in (docs/deployment.md)"
}

case "${1:-make} ${2:-}" in
'make ')
	make_secrets
	make_certificate
	echo "init: all secrets and the certificate exist"
	;;
'show url')
	echo "The gateway is at $SITE_URL. To print the password of the first System Admin, run: docker compose run --rm init show admin-password"
	;;
'show admin-password') cat "$gateway/admin-password" ;;
'secret next') # the new secret opens on every node before it seals on one
	[ ! -e "$gateway/secret-retired" ] || fail "the last rotation is not finished; run deploy/rotate-secret.sh finish first"
	# If a new secret exists already, keep it: a node may have sealed tokens with it.
	cmp -s "$gateway/secret" "$gateway/secret-previous" || exit 0
	random | put_for_gateway secret-previous
	;;
'secret swap') # the new secret seals, and the old one still opens
	! cmp -s "$gateway/secret" "$gateway/secret-previous" || fail "there is no new secret; run init.sh secret next first"
	[ -e "$gateway/secret-retired" ] || put_for_gateway secret-retired <"$gateway/secret"
	# After an interruption, this step can be repeated: the old secret is in secret-retired.
	cmp -s "$gateway/secret" "$gateway/secret-retired" && put_for_gateway secret <"$gateway/secret-previous"
	put_for_gateway secret-previous <"$gateway/secret-retired"
	;;
'secret forget') # codes and tokens that the old secret sealed no longer work
	put_for_gateway secret-previous <"$gateway/secret"
	rm -f "$gateway/secret-retired"
	;;
*)
	echo "usage: init.sh make | show admin-password|url | secret next|swap|forget" >&2
	exit 2
	;;
esac
