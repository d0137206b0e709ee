/*
 * A client: waits for a worker, and sends it a line by TCP.
 *
 *     $ ./client hello
 *     anna answers HELLO
 *
 * It needs no address: it waits until a peer is listed that announces the role "worker", and tries the addresses of that peer,
 * those first that are known to answer. It only looks, so no other instance lists it.
 *
 * Build: cc -std=c11 client.c -o client -lpeers
 * Ends with 0 after an answer, 1 after an error or 10 seconds without a worker, 2 when it was called wrongly.
 */

#define _POSIX_C_SOURCE 200809L

#include <netdb.h>
#include <peers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static int is_worker(const peers_peer_t *peer) {
    const void *role = NULL;
    size_t len = 0;
    return peer->port != 0 && peers_txt_get(peer->value, peer->value_len, "role", &role, &len) == PEERS_OK &&
           role != NULL && len == 6 && memcmp(role, "worker", 6) == 0;
}

/* Connects to one address. getaddrinfo reads the zone of a link-local one. */
static int connect_to(const char *address, uint16_t port) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *place = NULL;
    if (getaddrinfo(address, service, &hints, &place) != 0) return -1;
    int fd = socket(place->ai_family, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, place->ai_addr, place->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(place);
    return fd;
}

/* Sends the line, and prints the answer; 0 if there is none. */
static int converse(const peers_peer_t *peer, const char *line) {
    int fd = -1;
    for (size_t i = 0; i < peer->addresses_len && fd < 0; i++) fd = connect_to(peer->addresses[i], peer->port);
    if (fd < 0) return 0;
    char answer[512];
    size_t len = strlen(line), got = 0;
    ssize_t some = write(fd, line, len) == (ssize_t)len && shutdown(fd, SHUT_WR) == 0 ? 1 : 0;
    while (some > 0 && got < sizeof answer && (some = read(fd, answer + got, sizeof answer - got)) > 0) got += (size_t)some;
    close(fd);
    if (got > 0) printf("%s answers %.*s\n", peer->name, (int)got, answer);
    return got > 0;
}

static int ask_workers(const peers_list_t *list, const char *line) {
    for (size_t i = 0; i < list->len; i++) {
        const peers_peer_t *peer = peers_list_at(list, i);
        if (is_worker(peer) && converse(peer, line)) return 1;
    }
    return 0;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Asks each worker that is listed, after each change of the list, until one answers or the time is over. */
static int32_t ask(peers_t *node, const char *line) {
    int64_t deadline = now_ms() + PATIENCE_MS;
    uint64_t version = 0;
    for (;;) {
        int64_t left = deadline - now_ms();
        int32_t status = peers_wait(node, version, left > 0 ? (int32_t)left : 0, &version);
        peers_list_t *list = NULL;
        if (status == PEERS_OK) status = peers_list(node, &list);
        if (status != PEERS_OK) return status;
        version = list->version;
        int is_answered = ask_workers(list, line);
        peers_list_free(list);
        if (is_answered) return PEERS_OK;
    }
}

static void usage(void) {
    fputs("usage: client [--interfaces LIST] [--port PORT] LINE\n", stderr);
    exit(2);
}

int main(int argc, char **argv) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.flags = PEERS_OBSERVER;
    for (int i = 1; i < argc - 1; i += 2) {
        if (i + 1 == argc - 1) usage();
        if (strcmp(argv[i], "--interfaces") == 0) config.interfaces = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0) config.port = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        else usage();
    }
    if (argc < 2) usage();

    peers_t *node = NULL;
    int32_t status = peers_start(&config, &node);
    if (status == PEERS_OK) status = ask(node, argv[argc - 1]);
    if (status == PEERS_ERR_TIMEOUT) fputs("client: no worker answers\n", stderr);
    else if (status != PEERS_OK) fprintf(stderr, "client: %s\n", peers_last_error());
    peers_free(node);
    return status == PEERS_OK ? 0 : 1;
}
