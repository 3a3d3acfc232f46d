#!/bin/sh
# What a container of the hub does:  entrypoint web | streams | worker | beat | migrate | manage COMMAND…
# Further arguments are passed on to the program of the role.
#
# The process of the role replaces this shell, so that it gets the signals: on SIGTERM web
# finishes its requests and a worker its tasks.
set -eu

PORT=8000 # the image's health check and compose.yml know it

refuse() {
    printf 'entrypoint: %s\n' "$1" >&2
    exit 64 # EX_USAGE of sysexits.h
}

# Refuses a variable whose value is no whole number of 1 or more.
positive() {
    case "$2" in
    '' | 0* | *[!0-9]*) refuse "$1=$2 is not a whole number of 1 or more." ;;
    esac
}

[ "$#" -gt 0 ] || set -- ''
role=$1
shift

case "$role" in
web)
    processes=${WEB_PROCESSES:-2}
    threads=${WEB_THREADS:-4}
    positive WEB_PROCESSES "$processes"
    positive WEB_THREADS "$threads"
    exec granian --interface wsgi --host 0.0.0.0 --port "$PORT" --http 1 --no-ws \
        --workers "$processes" --blocking-threads "$threads" \
        --respawn-failed-workers --workers-kill-timeout 25 \
        "$@" hub.wsgi:application
    ;;
streams)
    # One process holds thousands of idle streams; each costs 20 kB, and a descriptor.
    exec granian --interface asgi --host 0.0.0.0 --port "$PORT" --http 1 --no-ws \
        --workers 1 --backlog 8192 --backpressure 16384 --workers-kill-timeout 5 \
        "$@" hub.streams.app:application
    ;;
worker)
    queues=${QUEUES:-push,bulk,callback,maintenance,mail}
    children=${WORKER_PROCESSES:-2}
    positive WORKER_PROCESSES "$children"
    case "$queues" in
    *[!a-z,]*) refuse "QUEUES=$queues is not a list such as push,bulk,callback,maintenance,mail." ;;
    esac
    exec celery -A hub.celery worker -Q "$queues" --concurrency "$children" \
        --without-gossip --without-mingle "$@"
    ;;
beat)
    # The schedule is in the settings; the file only remembers the last rings and may be lost.
    exec celery -A hub.celery beat -s /tmp/celerybeat-schedule --enable-remote-control "$@"
    ;;
migrate)
    exec python manage.py migrate --noinput "$@"
    ;;
manage)
    exec python manage.py "$@"
    ;;
*)
    refuse "the role \"$role\" is unknown; it is web, streams, worker, beat, migrate, or manage COMMAND."
    ;;
esac
