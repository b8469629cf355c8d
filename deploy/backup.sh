#!/bin/sh
# Makes a backup of the SQLite database, tests it, and deletes old ones:
#
#   backup.sh DIRECTORY [DAYS]     # default: 14 days
#
# It reads the same variables as the gateway, and runs while the gateway runs. The backup is
# restored to a temporary directory and read there; only if that works, backups that are
# older than DAYS are deleted. Any failure has an exit status and a message on standard
# error, which cron sends by mail.
set -eu
umask 077

directory=${1:?usage: backup.sh DIRECTORY [DAYS]}
days=${2:-14}
mkdir -p "$directory"
file=$directory/gatehouse-$(date -u +%Y-%m-%dT%H%M%SZ).db
gatehouse backup "$file" >/dev/null

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GATEHOUSE_DATABASE_URL="sqlite:$scratch/restored.db"
gatehouse restore "$file" >/dev/null
users=$(gatehouse user list --json)
if [ "$users" = "[]" ]; then
	echo "The backup $file holds no user." >&2
	exit 1
fi

find "$directory" -maxdepth 1 -type f \( -name 'gatehouse-*.db' -o -name 'gatehouse-*.db.secret' \) -mtime +"$days" -delete
