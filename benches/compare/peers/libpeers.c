/* libpeers as a peer of the comparison: `libpeers NAME ADDRESS`, with its defaults but for FLAGS. What the lines mean is in
 * benches/compare/README.md. */

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include <peers.h>

#include "line.h"

static void check(int32_t status) {
    if (status == PEERS_OK) return;
    fprintf(stderr, "%s: %s\n", peers_strerror(status), peers_last_error());
    exit(1);
}

static void tell_events(peers_t *node) {
    peers_event_t *event;
    while (peers_next_event(node, 0, &event) == PEERS_OK) {
        if (event->kind == PEERS_EVENT_JOINED) tell("joined", event->peer->name);
        if (event->kind == PEERS_EVENT_LEFT) tell("left", event->peer->name);
        peers_event_free(event);
    }
}

static void tell_health(peers_t *node) {
    peers_health_t health = PEERS_HEALTH_INIT;
    check(peers_health(node, &health));
    printf("health %" PRIu64 " %" PRIu64 "\n", health.peers, health.received - health.looped_back - health.malformed - health.stale);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    char line[64];
    puts("ready");
    fflush(stdout);
    read_line(line, sizeof line);

    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = argv[1];
    config.flags = FLAGS;
    peers_t *node;
    check(peers_start(&config, &node));
    tell("started", argv[1]);

    struct pollfd ends[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
    check(peers_event_fd(node, &ends[1].fd));
    while (poll(ends, 2, -1) > 0) {
        if (ends[1].revents) tell_events(node);
        if (!ends[0].revents) continue;
        if (!read_line(line, sizeof line) || strcmp(line, "stop") == 0) break;
        if (strcmp(line, "health") == 0) tell_health(node);
    }
    check(peers_free(node));
    return 0;
}
