#!/usr/bin/env bash
# Changes the secret that codes and tokens are sealed with, on all nodes, with no
# token lost.
#
#   deploy/rotate-secret.sh start    from now on a new secret seals; the old one still opens
#   deploy/rotate-secret.sh finish   the old one opens nothing any more
#
# Between the two, wait as long as the longest-lived token lives without being
# refreshed: 30 days, unless the console says otherwise. If somebody has got hold
# of the secret, finish at once: everybody's apps then have to ask again.
#
# It takes two rounds over the nodes, because no node may seal what another
# cannot open yet. After an interruption, run the same again.
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
