#!/usr/bin/env bash
# Replaces the secret that seals codes and tokens, on all nodes, without ending a token.
#
#   deploy/rotate-secret.sh start    a new secret seals from now on; the old one still opens
#   deploy/rotate-secret.sh finish   the old secret no longer opens
#
# Between the two, wait for the longest lifetime of a token that is not refreshed: 30 days,
# unless a setting changes it. If the secret has leaked, finish immediately: all users
# must then authorize their apps again.
#
# start restarts the nodes twice, because no node may seal a token that another node
# cannot open yet. After an interruption, run the same command again.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/compose.sh

step() { compose run --rm --no-deps -T init secret "$1"; }

case ${1:-} in
start)
	step next
	deploy/roll.sh
	step swap
	deploy/roll.sh
	;;
finish)
	step forget
	deploy/roll.sh
	;;
*)
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
	;;
esac
