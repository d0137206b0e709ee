/*
 * Two processes find each other on the local network, see a value change, and one sees the other leave.
 *
 * usage: meet NAME PORT first|last     both with the same PORT, one of each; the first leaves first
 */

#include "check.h"

/* Reached only when something hangs. */
#define PATIENCE_MS 120000

/* Takes events until one is of this kind, or of any where that is 0, and its peer has this value. */
static void await(peers_t *node, uint32_t kind, const char *value) {
    for (int is_come = 0; !is_come;) {
        peers_event_t *event = NULL;
        CHECK_OK(peers_next_event(node, PATIENCE_MS, &event));
        CHECK(event->peer != NULL && event->peer->address[0] != '\0');
        if (event->kind == PEERS_EVENT_LEFT) CHECK(event->reason == PEERS_LEFT_GOODBYE);
        is_come = (kind == 0 || event->kind == kind) && strcmp(event->peer->value, value) == 0;
        if (is_come) printf("%s at %s\n", event->peer->name, event->peer->address);
        peers_event_free(event);
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    int leaves_first = strcmp(argv[3], "first") == 0;
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = argv[1];
    config.cluster = "meeting";
    config.port = (uint32_t)strtoul(argv[2], NULL, 10);
    peers_t *node = start(&config);

    if (leaves_first) {
        await(node, 0, "met"); /* so the other one knows us */
    } else {
        await(node, PEERS_EVENT_JOINED, "");
        CHECK_OK(peers_set_value(node, "met", 3));
        await(node, PEERS_EVENT_LEFT, "");
    }
    peers_health_t health = health_of(node);
    CHECK(health.looped_back > 0); /* its own announcements come back */
    CHECK_OK(peers_free(node));
    return 0;
}
