/* A pretend FCM that costs about 3 microseconds a message, so that it is not what is measured. */
#ifndef EMULATOR_H
#define EMULATOR_H

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_BYTES = 8192, REPLY_BYTES = 512, STREAMS_A_CONNECTION = 100 };

/* What was asked, whatever the protocol. */
enum route { NOWHERE, SEND, TOKEN };

struct request {
    enum route route;
    bool authorized;
    size_t length;
    char body[BODY_BYTES + 1];
};

struct reply {
    int status;
    int retry_after_seconds; /* 0: the header is left out */
    size_t length;
    char body[REPLY_BYTES];
};

/* One message on its way: of an HTTP/2 stream, or of an HTTP/1.1 connection. */
struct exchange {
    int32_t stream;
    size_t sent;
    struct request request;
    struct reply reply;
    struct exchange *next_free;
};

enum protocol { HANDSHAKE, HTTP2, HTTP1, CONTROL };

struct connection {
    int descriptor;
    int slot;
    unsigned generation; /* tells a delayed reply that its connection is gone */
    enum protocol protocol;
    bool writing; /* epoll is asked for EPOLLOUT */
    bool broken;
    bool dirty;
    SSL *tls;
    nghttp2_session *session;
    struct exchange *exchange; /* of HTTP/1.1: one at a time */
    bool answering;
    char *in, *out;
    size_t in_length, in_room, out_length, out_room;
};

/* firebase.c: what is answered, and what is counted. */
double now_seconds(void);
void answer(const struct request *request, struct reply *reply);
double latency_seconds(void);
enum route route_of(const char *path, size_t length);
bool bearer_is_good(const char *value, size_t length);
void count_connection(int change);
size_t control(const char *target, char *out, size_t room);

/* http.c: the two protocols. They call `later` once a request is complete. */
bool http2_open(struct connection *connection);
bool http2_read(struct connection *connection, const uint8_t *bytes, size_t length);
void http2_answer(struct connection *connection, int32_t stream);
bool http2_fill(struct connection *connection); /* moves frames into `out` */
bool http1_read(struct connection *connection, const uint8_t *bytes, size_t length);
void http1_answer(struct connection *connection);
struct exchange *exchange_new(void);
void exchange_free(struct exchange *exchange);

/* main.c: sockets, TLS and time. */
void later(struct connection *connection, int32_t stream);
void out_add(struct connection *connection, const void *bytes, size_t length);
void *grown(void *bytes, size_t *room, size_t wanted);

#endif
