/*
 * The registry without a network: puts a key in, lists it, and waits until it expires.
 *
 *     $ ./register printer tcp://192.0.2.7:631 200
 *     printer  tcp://192.0.2.7:631  expires in 200 ms
 *     printer expired
 *
 * Build: cc -std=c11 register.c -o register -lpeers
 * Ends with 0 when all went well, 1 after an error, 2 when it was called wrongly.
 */

#include <errno.h>
#include <peers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t print_list(peers_t *node) {
    peers_list_t *list = NULL;
    int32_t status = peers_list(node, &list);
    if (status != PEERS_OK) return status;
    for (size_t i = 0; i < list->len; i++) {
        const peers_peer_t *peer = peers_list_at(list, i);
        printf("%s  %s  expires in %llu ms\n", peer->name, (const char *)peer->value,
               (unsigned long long)peer->expires_in_ms);
    }
    peers_list_free(list);
    return PEERS_OK;
}

/* Takes events until one says that a peer has left. */
static int32_t wait_for_expiry(peers_t *node) {
    for (;;) {
        peers_event_t *event = NULL;
        int32_t status = peers_next_event(node, -1, &event);
        if (status != PEERS_OK) return status;
        int has_left = event->kind == PEERS_EVENT_LEFT && event->reason == PEERS_LEFT_EXPIRED;
        if (has_left) printf("%s expired\n", event->peer->name);
        peers_event_free(event);
        if (has_left) return PEERS_OK;
    }
}

int main(int argc, char **argv) {
    char *rest = "?";
    errno = 0;
    unsigned long ttl_ms = argc == 4 ? strtoul(argv[3], &rest, 10) : 0;
    if (*rest != '\0' || errno != 0 || ttl_ms == 0 || ttl_ms > UINT32_MAX) {
        fprintf(stderr, "usage: register KEY VALUE TTL_MS\n");
        return 2;
    }

    peers_config_t config = PEERS_CONFIG_INIT;
    config.network = "memory:register";
    peers_t *node = NULL;
    int32_t status = peers_start(&config, &node);
    if (status == PEERS_OK) status = peers_register(node, argv[1], argv[2], strlen(argv[2]), (uint32_t)ttl_ms);
    if (status == PEERS_OK) status = print_list(node);
    if (status == PEERS_OK) status = wait_for_expiry(node);
    if (status != PEERS_OK) fprintf(stderr, "register: %s\n", peers_last_error());
    peers_free(node);
    return status == PEERS_OK ? 0 : 1;
}
