/* What the pretend FCM answers, and what it counts. */
#define _GNU_SOURCE
#include "emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { DEVICES = 1 << 24, SECONDS = 3600, ARRIVALS = 4096, MARK_BYTES = 24 };

static struct {
    double latency;
    long quota;        /* messages a minute, 0: none */
    long unregistered; /* of a thousand devices */
    char watch[64];    /* arrivals of bodies with this text are noted, with what follows it */
} settings;

static struct {
    long accepted, over_quota, unregistered, unauthorized, distinct, repeated, tokens;
    long connections_now, connections_most, connections_ever, bytes;
    double first_at, last_at, minute_from;
    long in_minute;
    uint32_t per_second[SECONDS];
    int arrivals;
    struct { double at; char mark[MARK_BYTES + 1]; } arrival[ARRIVALS];
    char sample[BODY_BYTES + 1];
} counted;

static uint8_t seen[DEVICES / 8];

double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double latency_seconds(void) { return settings.latency; }

void count_connection(int change) {
    counted.connections_now += change;
    if (change > 0) counted.connections_ever++;
    if (counted.connections_now > counted.connections_most)
        counted.connections_most = counted.connections_now;
}

enum route route_of(const char *path, size_t length) {
    static const char start[] = "/v1/projects/", end[] = "/messages:send";
    if (length > sizeof start + sizeof end && !memcmp(path, start, sizeof start - 1) &&
        !memcmp(path + length - (sizeof end - 1), end, sizeof end - 1))
        return SEND;
    return length == 6 && !memcmp(path, "/token", 6) ? TOKEN : NOWHERE;
}

bool bearer_is_good(const char *value, size_t length) {
    return length == 18 && !memcmp(value, "Bearer bench-token", 18);
}

static void say(struct reply *reply, int status, const char *body) {
    reply->status = status;
    reply->length = strlen(body);
    memcpy(reply->body, body, reply->length);
}

/* The number in an address such as bench-0000012345; -1 where there is none. */
static long device_of(const struct request *request) {
    const char *found = memmem(request->body, request->length, "\"bench-", 7);
    return found ? strtol(found + 7, NULL, 10) : -1;
}

static void note_arrival(const struct request *request, double now) {
    size_t length = strlen(settings.watch);
    const char *found = memmem(request->body, request->length, settings.watch, length);
    if (!found || counted.arrivals >= ARRIVALS) return;
    counted.arrival[counted.arrivals].at = now;
    char *mark = counted.arrival[counted.arrivals++].mark;
    for (int i = 0; i < MARK_BYTES; i++) {
        char c = found[length + (size_t)i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
        if (!plain) { mark[i] = 0; break; }
        mark[i] = c;
    }
}

static void accept_message(const struct request *request, struct reply *reply, double now) {
    long device = device_of(request);
    if (device >= 0 && device < DEVICES) {
        uint8_t bit = (uint8_t)(1u << (device & 7));
        if (seen[device >> 3] & bit) counted.repeated++;
        else counted.distinct++;
        seen[device >> 3] |= bit;
    }
    long second = (long)(now - counted.first_at);
    if (second < SECONDS) counted.per_second[second]++;
    if (++counted.accepted == 1) memcpy(counted.sample, request->body, request->length + 1);
    reply->status = 200;
    reply->length = (size_t)snprintf(
        reply->body, REPLY_BYTES, "{\n  \"name\": \"projects/demo-hub/messages/0:%017ld%%%08lx\"\n}\n",
        counted.accepted, device);
}

static void answer_send(const struct request *request, struct reply *reply) {
    double now = now_seconds();
    if (!counted.first_at) counted.first_at = counted.minute_from = now;
    counted.last_at = now;
    counted.bytes += (long)request->length;
    if (settings.watch[0]) note_arrival(request, now);
    if (now - counted.minute_from >= 60) {
        counted.minute_from = now;
        counted.in_minute = 0;
    }
    counted.in_minute++;
    if (settings.quota && counted.in_minute > settings.quota) {
        counted.over_quota++;
        say(reply, 429,
            "{\"error\":{\"code\":429,\"message\":\"Quota exceeded\",\"status\":\"RESOURCE_EXHAUSTED\","
            "\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","
            "\"errorCode\":\"QUOTA_EXCEEDED\"}]}}");
        reply->retry_after_seconds = 1 + (int)(60 - (now - counted.minute_from));
        return;
    }
    if (settings.unregistered && device_of(request) % 1000 < settings.unregistered) {
        counted.unregistered++;
        say(reply, 404,
            "{\"error\":{\"code\":404,\"message\":\"Requested entity was not found.\","
            "\"status\":\"NOT_FOUND\",\"details\":[{\"@type\":"
            "\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","
            "\"errorCode\":\"UNREGISTERED\"}]}}");
        return;
    }
    accept_message(request, reply, now);
}

void answer(const struct request *request, struct reply *reply) {
    reply->retry_after_seconds = 0;
    if (request->route == TOKEN) {
        counted.tokens++;
        say(reply, 200,
            "{\"access_token\":\"bench-token\",\"expires_in\":3600,\"token_type\":\"Bearer\"}");
    } else if (request->route == NOWHERE) {
        say(reply, 404, "{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\"}}");
    } else if (!request->authorized) {
        counted.unauthorized++;
        say(reply, 401, "{\"error\":{\"code\":401,\"status\":\"UNAUTHENTICATED\"}}");
    } else {
        answer_send(request, reply);
    }
}

static void set(const char *query) {
    char key[32], value[64];
    while (query && sscanf(query, "%31[^=]=%63[^&]", key, value) == 2) {
        if (!strcmp(key, "latency_ms")) settings.latency = atof(value) / 1000;
        if (!strcmp(key, "quota")) settings.quota = atol(value);
        if (!strcmp(key, "unregistered")) settings.unregistered = atol(value);
        if (!strcmp(key, "watch"))
            snprintf(settings.watch, sizeof settings.watch, "%s", strcmp(value, "-") ? value : "");
        query = strchr(query, '&');
        if (query) query++;
    }
}

static void reset(void) {
    long now = counted.connections_now;
    memset(&counted, 0, sizeof counted);
    memset(seen, 0, sizeof seen);
    counted.connections_now = counted.connections_most = now;
}

static size_t stats(char *out, size_t room) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    size_t n = (size_t)snprintf(
        out, room,
        "{\"accepted\":%ld,\"over_quota\":%ld,\"unregistered\":%ld,\"unauthorized\":%ld,"
        "\"distinct\":%ld,\"repeated\":%ld,\"tokens\":%ld,\"connections\":%ld,"
        "\"connections_most\":%ld,\"connections_ever\":%ld,\"bytes\":%ld,\"cpu_seconds\":%.6f,"
        "\"first_at\":%.6f,\"last_at\":%.6f,\"per_second\":[",
        counted.accepted, counted.over_quota, counted.unregistered, counted.unauthorized,
        counted.distinct, counted.repeated, counted.tokens, counted.connections_now,
        counted.connections_most, counted.connections_ever, counted.bytes, cpu, counted.first_at,
        counted.last_at);
    long seconds = counted.first_at ? (long)(counted.last_at - counted.first_at) + 1 : 0;
    for (long i = 0; i < seconds && i < SECONDS && n < room - 64; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%u", i ? "," : "", counted.per_second[i]);
    return n + (size_t)snprintf(out + n, room - n, "]}");
}

static size_t arrivals(char *out, size_t room) {
    size_t n = (size_t)snprintf(out, room, "[");
    for (int i = 0; i < counted.arrivals && n < room - 64; i++)
        n += (size_t)snprintf(out + n, room - n, "%s[\"%s\",%.6f]", i ? "," : "",
                              counted.arrival[i].mark, counted.arrival[i].at);
    return n + (size_t)snprintf(out + n, room - n, "]");
}

/* GET /stats, /arrivals, /sample, /set?latency_ms=…&quota=…&unregistered=…&watch=…, /reset */
size_t control(const char *target, char *out, size_t room) {
    if (!strncmp(target, "/set?", 5)) set(target + 5);
    if (!strncmp(target, "/reset", 6)) reset();
    if (!strncmp(target, "/arrivals", 9)) return arrivals(out, room);
    if (!strncmp(target, "/sample", 7)) return (size_t)snprintf(out, room, "%s", counted.sample);
    return stats(out, room);
}
