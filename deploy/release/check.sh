#!/usr/bin/env bash
# Builds the release of the current commit twice and compares the bytes. The two builds
# differ in everything that must not matter: the directory, the home directory, the build
# cache, the time zone, the locale, the umask and the times of the files. It takes some
# minutes, because the build cache of the second build is empty. With WARM=1 both use the
# cache of this machine, which is faster and checks less.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
modules=$(go env GOMODCACHE)

# build DIRECTORY UMASK ZONE LOCALE DATE CACHE
build() {
	git clone -q --no-local . "$work/$1"
	find "$work/$1" -type f -exec touch -d "$5" {} +
	mkdir -p "$work/home-$2"
	(
		umask "$2"
		cd "$work/$1"
		env HOME="$work/home-$2" GOPATH="$work/home-$2/go" GOMODCACHE="$modules" GOCACHE="$6" TZ="$3" LANG="$4" \
			VERSION="${VERSION:-$(git -C "$OLDPWD" describe --tags --always)}" deploy/release/build.sh "$work/out-$2"
	)
}

cache=$(go env GOCACHE)
build one 022 UTC C.UTF-8 2020-01-01 "$cache"
[ "${WARM:-}" = 1 ] || cache=$work/cache
build another/directory/two 077 Pacific/Auckland de_DE.UTF-8 2030-12-31 "$cache"
if ! diff -r "$work/out-022" "$work/out-077"; then
	echo "The two builds differ." >&2
	exit 1
fi

# The archives hold what they should, owned by no user of this machine.
for archive in "$work"/out-022/*.tar.gz; do
	list=$(tar --numeric-owner -tvf "$archive")
	for file in gatehouse LICENSE README.md CHANGELOG.md gatehouse.cdx.json docs/deployment.md systemd/gatehouse.service \
		completions/gatehouse.bash completions/_gatehouse completions/gatehouse.fish; do
		grep -q "/$file\$" <<<"$list" || { echo "$archive lacks $file." >&2; exit 1; }
	done
	if grep -vE '^[d-]rw[x-]r-[x-]r-[x-] 0/0 ' <<<"$list"; then
		echo "$archive has the files above, which another user owns or can change." >&2
		exit 1
	fi
done
(cd "$work/out-022" && sha256sum --quiet -c SHA256SUMS)
echo "Both builds have the same bytes."
