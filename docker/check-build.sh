#!/bin/sh
# Build the image without a container engine or a registry, and try it:  docker/check-build.sh [DIRECTORY]
#
# For machines that have neither; run by hand, as root, on Debian with: apt-get install buildah
# debootstrap iproute2. Also needed: a Python of 3.12 or later with pip and a prefix of its own
# (pyenv's, uv's or one built by hand; PYTHON names it, python3 by default). It writes into
# DIRECTORY (a new temporary one by default, removed at the end; one that is given is kept, and
# its base system and wheels are used again), takes about 2 GB and a few minutes.
#
#   1. a base image: Debian by debootstrap with that Python in /usr/local, as python:slim has it;
#   2. the wheels, fetched by this machine's pip with its own settings, and checked by hash;
#   3. the build, by the Dockerfile as it is; pip finds the wheels by a configuration given as a
#      secret, the way a company with a mirror would do it;
#   4. the image is run (no network but its own loopback): what is in it, Django's checks for
#      production, the refusal of an unknown role, web with the image's own health check, SIGTERM.
#
# What it cannot tell: whether the published python:slim serves as well, and whether an engine
# keeps to compose.yml (read-only root, capabilities, limits).
set -eu
cd "$(dirname "$0")/.."
image=localhost/employee-notification-hub:check
base=localhost/hub-base:check

say() { printf '\n--- %s\n' "$*"; }
fail() {
    printf 'check-build: %s\n' "$*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "must be run by root"
for program in buildah debootstrap ip unshare; do
    command -v "$program" >/dev/null || fail "$program is missing: apt-get install buildah debootstrap iproute2"
done
python=${PYTHON:-python3}
prefix=$("$python" -c 'import sys; assert sys.version_info >= (3, 12), "older than 3.12"; print(sys.base_prefix)') ||
    fail "$python does not serve; PYTHON=/path/to/python3.13 names another"
[ "$prefix" != /usr ] || fail "$python is the system's own, which has no prefix to copy: set PYTHON"

if [ -n "${1:-}" ]; then
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
    trap 'clean_up' EXIT
else
    work=$(mktemp -d)
    trap 'clean_up; rm -rf "$work"' EXIT
fi
container=''
# One storage, by one driver, apart from the machine's own.
storage() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
clean_up() {
    [ -z "$container" ] || storage rm "$container" >/dev/null || true
    storage rmi --force "$image" "$base" >/dev/null 2>&1 || true
}

say "1. The base: Debian and $("$python" --version) of $prefix"
root=$work/base
in_base() { chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"; }
if [ ! -e "$root/.complete" ]; then
    rm -rf "$root"
    # shellcheck source=/dev/null
    suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME") # as here: the same C library
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$work/debootstrap.log" ||
        fail "debootstrap failed: $work/debootstrap.log"
    tar -C "$prefix" --exclude=site-packages --exclude=__pycache__ --exclude=test --exclude='*.a' \
        --exclude=share -cf - . | tar -C "$root/usr/local" --no-same-owner -xf -
    # The libraries of the system which that Python was linked with, where the base lacks them.
    find "$prefix/bin" "$prefix/lib" -path '*/site-packages' -prune -o \
        \( -name 'python3*' -o -name '*.so*' \) -type f -exec ldd {} + 2>/dev/null |
        awk '$2 == "=>" && $3 ~ "^/(usr/)?lib/" { print $3 }' | sort -u |
        while read -r library; do
            [ -e "$root$library" ] || cp -L "$library" "$root$library"
        done
    chroot "$root" ldconfig
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    in_base python3 -m ensurepip --upgrade >/dev/null
    ln -sf python3 "$root/usr/local/bin/python"
    touch "$root/.complete"
fi
in_base \
    python -c 'import ssl, sqlite3, ctypes, lzma, bz2, venv; print("Python in the base:", ssl.OPENSSL_VERSION)'
container=$(storage from scratch)
storage add --quiet "$container" "$root" / >/dev/null
storage config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
storage commit --quiet --format docker "$container" "$base" >/dev/null
storage rm "$container" >/dev/null
container=''

say "2. The wheels of requirements/base.txt"
"$python" -m pip download --quiet --require-hashes --no-deps --only-binary :all: \
    --dest "$work/wheels" -r requirements/base.txt
printf '[global]\nno-index = true\nfind-links = /wheels\n' >"$work/pip.conf"
find "$work/wheels" -name '*.whl' | wc -l

say "3. The build"
storage bud --isolation chroot --pull-never --format docker --build-arg BASE="$base" \
    --secret id=pip_conf,src="$work/pip.conf" --volume "$work/wheels:/wheels:ro" \
    --tag "$image" --file docker/Dockerfile --ignorefile docker/Dockerfile.dockerignore .

say "4. The image runs"
container=$(storage from --pull-never "$image")
# A network of its own, so that port 8000 of this machine is not touched.
inside() {
    unshare --net sh -c 'ip link set lo up && exec "$@"' inside \
        buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs \
        run --isolation chroot --env HUB_MODE=production --env ALLOWED_HOSTS=hub.corp.example \
        --env SECRET_KEY="$secret" --env HUB_ENCRYPTION_KEYS="k1:$key" --env HUB_MAC_KEY="$key" \
        --env HUB_RECEIPT_KEY="$key" \
        --env LDAP_SERVERS=dc1.corp.example --env LDAP_BASE_DN=DC=corp,DC=example \
        --env LDAP_SERVICE_DN=CN=hub,DC=corp,DC=example --env LDAP_SERVICE_PASSWORD=made-up \
        --env FCM_CREDENTIALS_FILE=/run/secrets/fcm_credentials "$container" -- "$@"
}
secret=$(openssl rand -base64 48)
key=$(openssl rand -base64 32)

# shellcheck disable=SC2016  # expanded inside
inside sh -euc '
    [ "$(id -u):$(id -g)" = 10001:10001 ]
    for path in /srv/hub/x /opt/venv/x /usr/local/bin/x; do
        if touch "$path" 2>/dev/null; then echo "can write $path"; exit 1; fi
    done
    for path in tests docs .git hub/demo docker .env; do
        if [ -e "/srv/hub/$path" ]; then echo "$path is in the image"; exit 1; fi
    done
    [ "$(command -v python)" = /opt/venv/bin/python ]
    python -c "import hub, accounts, notifications, selfserve, granian, psycopg, pycurl, cryptography"
    [ -e /srv/hub/staticfiles/admin/css/base.css ]
    echo "an account that owns nothing, the code and its dependencies, the static files: all there"'
inside entrypoint manage check --deploy --fail-level WARNING
code=0
inside entrypoint janitor || code=$?
[ "$code" = 64 ] || fail "an unknown role ended with $code instead of 64"

health=$(storage inspect --type image "$image" | "$python" -c \
    'import json, sys; print(json.dumps(json.load(sys.stdin)["Docker"]["config"]["Healthcheck"]["Test"]))')
printf 'The health check: %s\n' "$health"
# shellcheck disable=SC2016
inside sh -euc '
    healthy() {
        python -c "import json, subprocess, sys; sys.exit(subprocess.call(json.loads(sys.argv[1])[1:], stderr=subprocess.DEVNULL))" "$1"
    }
    if healthy "$1"; then echo "healthy without a web server"; exit 1; fi
    entrypoint web &
    web=$! tries=0
    until healthy "$1"; do
        tries=$((tries + 1))
        if [ "$tries" = 30 ]; then echo "web did not become healthy"; kill "$web"; exit 1; fi
        sleep 1
    done
    echo "web is healthy"
    kill -TERM "$web"
    wait "$web" || { echo "web ended with $?"; exit 1; }
    echo "web ended on SIGTERM"' sh "$health"

say "All well: $(storage images --noheading --format '{{.Size}}' "$image")"
