/* HTTP/2 by libnghttp2, and as much of HTTP/1.1 as the peers' clients need. */
#define _GNU_SOURCE
#include "emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct exchange *spare;

struct exchange *exchange_new(void) {
    struct exchange *made = spare;
    if (made) spare = made->next_free;
    else if (!(made = malloc(sizeof *made))) abort();
    made->sent = 0;
    made->request.route = NOWHERE;
    made->request.authorized = false;
    made->request.length = 0;
    return made;
}

void exchange_free(struct exchange *exchange) {
    exchange->next_free = spare;
    spare = exchange;
}

static void body_add(struct request *request, const void *bytes, size_t length) {
    if (request->length + length > BODY_BYTES) length = BODY_BYTES - request->length;
    memcpy(request->body + request->length, bytes, length);
    request->length += length;
    request->body[request->length] = 0;
}

/* --- HTTP/2 ------------------------------------------------------------------------------ */

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)user;
    struct exchange *exchange = exchange_new();
    exchange->stream = frame->hd.stream_id;
    return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, exchange);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t length, uint8_t flags,
                     void *user) {
    (void)flags, (void)user;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!exchange) return 0;
    if (name_length == 5 && !memcmp(name, ":path", 5))
        exchange->request.route = route_of((const char *)value, length);
    else if (name_length == 13 && !memcmp(name, "authorization", 13))
        exchange->request.authorized = bearer_is_good((const char *)value, length);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t length, void *user) {
    (void)flags, (void)user;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(session, stream);
    if (exchange) body_add(&exchange->request, bytes, length);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!exchange) return 0;
    answer(&exchange->request, &exchange->reply);
    later(user, frame->hd.stream_id);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user) {
    (void)code, (void)user;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(session, stream);
    if (exchange) exchange_free(exchange);
    return 0;
}

static ssize_t give_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session, (void)stream, (void)user;
    struct exchange *exchange = source->ptr;
    size_t left = exchange->reply.length - exchange->sent;
    if (left > room) left = room;
    memcpy(out, exchange->reply.body + exchange->sent, left);
    exchange->sent += left;
    if (exchange->sent == exchange->reply.length) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)left;
}

bool http2_open(struct connection *connection) {
    static nghttp2_session_callbacks *callbacks;
    if (!callbacks) {
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    }
    nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_A_CONNECTION};
    return !nghttp2_session_server_new(&connection->session, callbacks, connection) &&
           !nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, &entry, 1) &&
           !nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 1 << 20);
}

bool http2_read(struct connection *connection, const uint8_t *bytes, size_t length) {
    return nghttp2_session_mem_recv(connection->session, bytes, length) == (ssize_t)length;
}

#define HEADER(name, value, length) \
    {(uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, (length), \
     NGHTTP2_NV_FLAG_NO_COPY_NAME}

void http2_answer(struct connection *connection, int32_t stream) {
    struct exchange *exchange = nghttp2_session_get_stream_user_data(connection->session, stream);
    if (!exchange) return; /* reset meanwhile */
    char status[16], wait[16];
    size_t status_length = (size_t)snprintf(status, sizeof status, "%d", exchange->reply.status);
    size_t wait_length =
        (size_t)snprintf(wait, sizeof wait, "%d", exchange->reply.retry_after_seconds);
    nghttp2_nv headers[] = {
        HEADER(":status", status, status_length),
        HEADER("content-type", "application/json; charset=UTF-8", 31),
        HEADER("retry-after", wait, wait_length),
    };
    nghttp2_data_provider provider = {.source.ptr = exchange, .read_callback = give_body};
    size_t count = exchange->reply.retry_after_seconds ? 3 : 2;
    if (nghttp2_submit_response(connection->session, stream, headers, count, &provider))
        connection->broken = true;
}

bool http2_fill(struct connection *connection) {
    const uint8_t *frame;
    ssize_t length;
    while ((length = nghttp2_session_mem_send(connection->session, &frame)) > 0)
        out_add(connection, frame, (size_t)length);
    return length == 0;
}

/* --- HTTP/1.1: one request at a time, with Content-Length ---------------------------------- */

static const char *header_of(const char *head, const char *name, size_t *length) {
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        size_t name_length = strlen(name);
        if (strncasecmp(line + 2, name, name_length) || line[2 + name_length] != ':') continue;
        const char *value = line + 3 + name_length;
        value += strspn(value, " ");
        *length = strcspn(value, "\r");
        return value;
    }
    return NULL;
}

bool http1_read(struct connection *connection, const uint8_t *bytes, size_t length) {
    size_t wanted = connection->in_length + length + 1;
    connection->in = grown(connection->in, &connection->in_room, wanted);
    memcpy(connection->in + connection->in_length, bytes, length);
    connection->in_length += length;
    connection->in[connection->in_length] = 0;
    if (connection->answering) return true; /* the next one waits for its turn */
    char *end = strstr(connection->in, "\r\n\r\n");
    if (!end) return connection->in_length < 65536;
    size_t value_length, body_length = 0, head_length = (size_t)(end - connection->in) + 4;
    const char *value = header_of(connection->in, "content-length", &value_length);
    if (value) body_length = strtoul(value, NULL, 10);
    if (connection->in_length < head_length + body_length) return body_length < 65536;
    struct exchange *exchange = connection->exchange ? connection->exchange : exchange_new();
    connection->exchange = exchange;
    const char *target = strchr(connection->in, ' ');
    exchange->request.length = 0;
    exchange->request.route = target ? route_of(target + 1, strcspn(target + 1, " \r")) : NOWHERE;
    value = header_of(connection->in, "authorization", &value_length);
    exchange->request.authorized = value && bearer_is_good(value, value_length);
    body_add(&exchange->request, connection->in + head_length, body_length);
    connection->in_length -= head_length + body_length;
    memmove(connection->in, connection->in + head_length + body_length, connection->in_length + 1);
    answer(&exchange->request, &exchange->reply);
    connection->answering = true;
    later(connection, 0);
    return true;
}

void http1_answer(struct connection *connection) {
    const struct reply *reply = &connection->exchange->reply;
    char head[256], wait[48] = "";
    if (reply->retry_after_seconds)
        snprintf(wait, sizeof wait, "Retry-After: %d\r\n", reply->retry_after_seconds);
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %d Answer\r\nContent-Type: application/json; charset=UTF-8\r\n"
                          "%sContent-Length: %zu\r\n\r\n",
                          reply->status, wait, reply->length);
    out_add(connection, head, (size_t)length);
    out_add(connection, reply->body, reply->length);
    connection->answering = false;
    if (connection->in_length && !http1_read(connection, (const uint8_t *)"", 0))
        connection->broken = true;
}
