#!/bin/sh
# Make the secrets compose.yml mounts:  docker/make-secrets.sh [DIRECTORY]
#
# Writes what is not there yet, by default in docker/secrets, and never replaces a file: a
# replaced encryption key would make the database unreadable. Needs openssl.
#
# The directory is closed to all but its owner; the files in it can be read by all, for in their
# containers different accounts, none of them root, read them.
set -eu
umask 022
directory=${1:-$(dirname "$0")/secrets}
mkdir -p "$directory"
chmod 0700 "$directory"
cd "$directory"

# Put what is on standard input into the file $1, unless it is there already.
keep() {
    if [ -e "$1" ]; then
        cat >/dev/null
        printf '  kept     %s\n' "$1"
    else
        cat >".$1.new"
        mv ".$1.new" "$1"
        printf '  written  %s\n' "$1"
    fi
}

hexadecimal() { openssl rand -hex 32; } # safe inside an address

openssl rand -base64 48 | keep secret_key
printf 'k1:%s\n' "$(openssl rand -base64 32)" | keep hub_encryption_keys
openssl rand -base64 32 | keep hub_mac_key
openssl rand -base64 32 | keep hub_receipt_key
hexadecimal | keep metrics_token
hexadecimal | keep postgres_password
printf 'postgres://hub:%s@postgres:5432/hub\n' "$(cat postgres_password)" | keep database_url
printf 'requirepass %s\n' "$(hexadecimal)" | keep redis_conf
printf 'redis://:%s@redis:6379/0\n' "$(sed -n 's/^requirepass //p' redis_conf)" | keep redis_url
printf '' | keep ldap_service_password
printf '' | keep fcm_credentials.json
printf '' | keep tls_certificate
printf '' | keep tls_key

for file in ldap_service_password fcm_credentials.json tls_certificate tls_key; do
    [ -s "$file" ] || printf 'Still to be filled in by you: %s\n' "$directory/$file"
done
printf 'Keep a copy of hub_encryption_keys, hub_mac_key and hub_receipt_key apart from the database and its backups.\n'
