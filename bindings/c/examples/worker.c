/*
 * A worker: serves by TCP, over IPv4 and IPv6, and announces its port and its role. `client` finds it.
 *
 *     $ ./worker --name anna
 *     anna serves at port 40123
 *
 * The service: each line that comes is sent back in capital letters. One connection at a time; a real server has an event loop.
 *
 * Build: cc -std=c11 worker.c -o worker -lpeers
 * Ends with 0 after SIGINT or SIGTERM, 1 after an error, 2 when it was called wrongly.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll */
#endif

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <peers.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t is_ended;

static void end(int number) {
    (void)number;
    is_ended = 1;
}

static int fail(const char *what) {
    perror(what);
    return -1;
}

/* Listens at a free port, by IPv6 and IPv4 at once, or by IPv4 alone on a system without IPv6. */
static int listen_anywhere(uint16_t *port) {
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    int off = 0, fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd >= 0) {
        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) return fail("IPV6_V6ONLY");
        if (bind(fd, (struct sockaddr *)&v6, sizeof v6) != 0) return fail("bind");
    } else {
        if ((fd = socket(AF_INET, SOCK_STREAM, 0)) < 0) return fail("socket");
        if (bind(fd, (struct sockaddr *)&v4, sizeof v4) != 0) return fail("bind");
    }
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    if (listen(fd, 16) != 0 || getsockname(fd, (struct sockaddr *)&bound, &len) != 0) return fail("listen");
    /* The port is at the same place in both. */
    *port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return fd;
}

static void serve(int connection) {
    char bytes[512];
    ssize_t len;
    struct timeval patience = {.tv_sec = 5};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while ((len = read(connection, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < len; i++) bytes[i] = (char)toupper((unsigned char)bytes[i]);
        if (write(connection, bytes, (size_t)len) != len) break;
    }
    close(connection);
}

static void read_options(int argc, char **argv, peers_config_t *config) {
    for (int i = 1; i < argc; i += 2) {
        const char *value = argv[i + 1]; /* argv ends with NULL */
        if (value != NULL && strcmp(argv[i], "--name") == 0) config->name = value;
        else if (value != NULL && strcmp(argv[i], "--interfaces") == 0) config->interfaces = value;
        else if (value != NULL && strcmp(argv[i], "--port") == 0) config->port = (uint32_t)strtoul(value, NULL, 10);
        else {
            fputs("usage: worker [--name NAME] [--interfaces LIST] [--port PORT]\n", stderr);
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    peers_config_t config = PEERS_CONFIG_INIT;
    read_options(argc, argv, &config);

    /* Blocked but for the wait itself, so that no signal falls between check and wait. */
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, &before);
    struct sigaction action = {.sa_handler = end}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);

    uint16_t port = 0;
    int listener = listen_anywhere(&port);
    if (listener < 0) return 1;

    unsigned char txt[64];
    size_t txt_len = 0;
    peers_t *node = NULL;
    int32_t status = peers_txt_put(txt, sizeof txt, &txt_len, "role", "worker", 6);
    config.value = txt;
    config.value_len = txt_len;
    config.service_port = port;
    if (status == PEERS_OK) status = peers_start(&config, &node);
    if (status != PEERS_OK) {
        fprintf(stderr, "worker: %s\n", peers_last_error());
        return 1;
    }
    printf("%s serves at port %u\n", config.name != NULL ? config.name : "worker", port);
    fflush(stdout);
    struct pollfd incoming = {.fd = listener, .events = POLLIN};
    while (!is_ended) {
        if (ppoll(&incoming, 1, NULL, &before) <= 0) continue;
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0) serve(connection);
    }
    peers_free(node); /* says goodbye: no client comes any more */
    close(listener);
    return 0;
}
