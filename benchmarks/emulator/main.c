/* emulator CERTIFICATE KEY: one thread, one epoll loop; prints {"port": …, "control": …}. */
#define _GNU_SOURCE
#include "emulator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 8192, EVENTS = 256, READ_BYTES = 65536, RECORD_BYTES = 16384 };

static struct connection *slots[SLOTS];
static int poller;
static int doorways[2]; /* TLS and control */
static SSL_CTX *tls;

/* Replies wait here in the order of their requests: the latency is the same for all. */
struct waiting { double due; int slot; unsigned generation; int32_t stream; };
static struct { struct waiting *ring; size_t head, count, room; } queue;
static struct connection *dirty[SLOTS];
static int dirty_count;

void *grown(void *bytes, size_t *room, size_t wanted) {
    if (wanted <= *room) return bytes;
    while (*room < wanted) *room = *room ? *room * 2 : 4096;
    bytes = realloc(bytes, *room);
    if (!bytes) abort();
    return bytes;
}

void out_add(struct connection *connection, const void *bytes, size_t length) {
    connection->out = grown(connection->out, &connection->out_room, connection->out_length + length);
    memcpy(connection->out + connection->out_length, bytes, length);
    connection->out_length += length;
}

static void mark(struct connection *connection) {
    if (connection->dirty) return;
    connection->dirty = true;
    dirty[dirty_count++] = connection;
}

static void reply_now(struct connection *connection, int32_t stream) {
    if (connection->protocol == HTTP2) http2_answer(connection, stream);
    else http1_answer(connection);
    mark(connection);
}

void later(struct connection *connection, int32_t stream) {
    double latency = latency_seconds();
    if (latency <= 0 && !queue.count) {
        reply_now(connection, stream);
        return;
    }
    if (queue.count == queue.room) { /* unroll the ring into a larger one */
        size_t room = queue.room ? queue.room * 2 : 4096;
        struct waiting *larger = malloc(room * sizeof *larger);
        if (!larger) abort();
        for (size_t i = 0; i < queue.count; i++)
            larger[i] = queue.ring[(queue.head + i) % queue.room];
        free(queue.ring);
        queue.ring = larger, queue.room = room, queue.head = 0;
    }
    queue.ring[(queue.head + queue.count++) % queue.room] = (struct waiting){
        now_seconds() + latency, connection->slot, connection->generation, stream};
}

/* Answer what is due; milliseconds until the next one, -1 if none waits. */
static int release(void) {
    double now = now_seconds();
    while (queue.count) {
        struct waiting first = queue.ring[queue.head];
        if (first.due > now) {
            int left = (int)((first.due - now) * 1000);
            return left > 0 ? left : 1;
        }
        queue.head = (queue.head + 1) % queue.room;
        queue.count--;
        struct connection *connection = slots[first.slot];
        if (connection && connection->generation == first.generation)
            reply_now(connection, first.stream);
    }
    return -1;
}

static void close_connection(struct connection *connection) {
    if (connection->protocol != CONTROL) count_connection(-1);
    if (connection->session) nghttp2_session_del(connection->session);
    if (connection->exchange) exchange_free(connection->exchange);
    if (connection->tls) SSL_free(connection->tls);
    close(connection->descriptor);
    slots[connection->slot] = NULL;
    free(connection->in);
    free(connection->out);
    free(connection);
}

static void want(struct connection *connection, bool writing) {
    if (connection->writing == writing) return;
    struct epoll_event event = {EPOLLIN | (writing ? EPOLLOUT : 0u), {.ptr = connection}};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event);
    connection->writing = writing;
}

static bool flush(struct connection *connection) {
    if (connection->protocol == HTTP2 && !http2_fill(connection)) return false;
    size_t done = 0;
    while (done < connection->out_length) {
        size_t part = connection->out_length - done;
        int written = SSL_write(connection->tls, connection->out + done,
                                (int)(part > RECORD_BYTES ? RECORD_BYTES : part));
        if (written <= 0) {
            int why = SSL_get_error(connection->tls, written);
            if (why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ) return false;
            break;
        }
        done += (size_t)written;
    }
    memmove(connection->out, connection->out + done, connection->out_length - done);
    connection->out_length -= done;
    want(connection, connection->out_length > 0);
    return true;
}

static bool shake_hands(struct connection *connection) {
    int result = SSL_accept(connection->tls);
    if (result <= 0) {
        int why = SSL_get_error(connection->tls, result);
        want(connection, why == SSL_ERROR_WANT_WRITE);
        return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ;
    }
    const unsigned char *name;
    unsigned length;
    SSL_get0_alpn_selected(connection->tls, &name, &length);
    connection->protocol = length == 2 && !memcmp(name, "h2", 2) ? HTTP2 : HTTP1;
    return connection->protocol == HTTP1 || http2_open(connection);
}

static bool serve_control(struct connection *connection) {
    static char request[2048], answer_text[1 << 18], head[128];
    ssize_t length = recv(connection->descriptor, request, sizeof request - 1, 0);
    if (length <= 0) return false;
    request[length] = 0;
    char *target = strchr(request, ' ');
    if (!target) return false;
    target[1 + strcspn(target + 1, " \r\n")] = 0;
    size_t size = control(target + 1, answer_text, sizeof answer_text);
    int head_length = snprintf(head, sizeof head,
                               "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json"
                               "\r\nContent-Length: %zu\r\n\r\n", size);
    if (send(connection->descriptor, head, (size_t)head_length, MSG_NOSIGNAL) > 0)
        send(connection->descriptor, answer_text, size, MSG_NOSIGNAL);
    return false; /* one answer a connection */
}

static bool serve(struct connection *connection) {
    static uint8_t bytes[READ_BYTES];
    if (connection->protocol == CONTROL) return serve_control(connection);
    if (connection->protocol == HANDSHAKE) {
        if (!shake_hands(connection)) return false;
        if (connection->protocol == HANDSHAKE) return true;
    }
    int length;
    ERR_clear_error();
    while ((length = SSL_read(connection->tls, bytes, sizeof bytes)) > 0) {
        bool good = connection->protocol == HTTP2
                        ? http2_read(connection, bytes, (size_t)length)
                        : http1_read(connection, bytes, (size_t)length);
        if (!good || connection->broken) return false;
    }
    int why = SSL_get_error(connection->tls, length);
    mark(connection);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static void welcome(int doorway, enum protocol protocol) {
    static unsigned generations;
    int flags = protocol == CONTROL ? SOCK_CLOEXEC : SOCK_CLOEXEC | SOCK_NONBLOCK, slot = 0, on = 1;
    int descriptor = accept4(doorway, NULL, NULL, flags);
    if (descriptor < 0) return;
    while (slot < SLOTS && slots[slot]) slot++;
    struct connection *made = slot < SLOTS ? calloc(1, sizeof *made) : NULL;
    if (!made) { close(descriptor); return; }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    made->descriptor = descriptor, made->slot = slot, made->generation = ++generations;
    made->protocol = protocol;
    if (protocol != CONTROL) {
        made->tls = SSL_new(tls);
        SSL_set_fd(made->tls, descriptor);
        count_connection(1);
    }
    slots[slot] = made;
    struct epoll_event event = {EPOLLIN, {.ptr = made}};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static int listen_on(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(descriptor, (struct sockaddr *)&address, size) || listen(descriptor, 1024) ||
        getsockname(descriptor, (struct sockaddr *)&address, &size)) {
        perror("emulator");
        exit(1);
    }
    *port = ntohs(address.sin_port);
    return descriptor;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *in, unsigned in_length, void *user) {
    (void)ssl, (void)user;
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    return SSL_select_next_proto((unsigned char **)out, length, ours, sizeof ours - 1, in,
                                 in_length) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int main(int count, char **words) {
    if (count != 3) { fprintf(stderr, "usage: emulator CERTIFICATE KEY\n"); return 64; }
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlives who started it */
    signal(SIGPIPE, SIG_IGN);
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(tls, words[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, words[2], SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    int ports[2];
    for (int i = 0; i < 2; i++) {
        doorways[i] = listen_on(&ports[i]);
        struct epoll_event event = {EPOLLIN, {.ptr = &doorways[i]}};
        epoll_ctl(poller, EPOLL_CTL_ADD, doorways[i], &event);
    }
    printf("{\"port\": %d, \"control\": %d}\n", ports[0], ports[1]);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        int wait = release();
        while (dirty_count) {
            struct connection *connection = dirty[--dirty_count];
            connection->dirty = false;
            if (connection->broken || !flush(connection)) close_connection(connection);
        }
        int ready = epoll_wait(poller, events, EVENTS, wait);
        for (int i = 0; i < ready; i++) {
            void *what = events[i].data.ptr;
            if (what == &doorways[0]) welcome(doorways[0], HANDSHAKE);
            else if (what == &doorways[1]) welcome(doorways[1], CONTROL);
            else if (!serve(what)) { ((struct connection *)what)->broken = true; mark(what); }
        }
    }
}
