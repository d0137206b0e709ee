/* A program outside the tree: two nodes on a network in memory, of which one finds the other. */

#include <peers.h>
#include <stdio.h>
#include <string.h>

static peers_t *start(const char *name) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.network = "memory:outside";
    config.flags = PEERS_MANUAL_CLOCK;
    peers_t *node = NULL;
    if (peers_start(&config, &node) != PEERS_OK) fprintf(stderr, "%s: %s\n", name, peers_last_error());
    return node;
}

int main(void) {
    if (strcmp(peers_version(), PEERS_VERSION) != 0) {
        fprintf(stderr, "the header is of %s, the library of %s\n", PEERS_VERSION, peers_version());
        return 1;
    }
    peers_t *kitchen = start("kitchen"), *hall = start("hall");
    peers_list_t *list = NULL;
    if (peers_list(kitchen, &list) != PEERS_OK) {
        fprintf(stderr, "%s\n", peers_last_error());
        return 1;
    }
    for (size_t i = 0; i < list->len; i++) printf("found %s\n", peers_list_at(list, i)->name);
    peers_list_free(list);
    peers_free(hall);
    return peers_free(kitchen) == PEERS_OK ? 0 : 1;
}
