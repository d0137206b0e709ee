/* Two copies of the library in one process: the arguments are their paths. A handle of one is unknown to the other. */

#include <dlfcn.h>
#include <peers.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

#define NODES 100

/* A call of the header, found by its name in one copy. */
#define CALL(copy, call) ((__typeof__(&call))find(copy, #call))

static uintptr_t find(void *copy, const char *name) {
    uintptr_t found = (uintptr_t)dlsym(copy, name);
    CHECK(found != 0);
    return found;
}

static peers_t *start(void *copy) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.network = "memory:copies";
    config.flags = PEERS_MANUAL_CLOCK;
    peers_t *node = NULL;
    CHECK(CALL(copy, peers_start)(&config, &node) == PEERS_OK);
    return node;
}

static void check_unknown(void *copy, peers_t *handle) {
    peers_list_t *list = NULL;
    peers_event_t *event = NULL;
    CHECK(CALL(copy, peers_list)(handle, &list) == PEERS_ERR_HANDLE);
    CHECK(CALL(copy, peers_next_event)(handle, 0, &event) == PEERS_ERR_HANDLE);
    CHECK(CALL(copy, peers_free)(handle) == PEERS_ERR_HANDLE);
    CHECK(CALL(copy, peers_subscription_free)((peers_subscription_t *)handle) == PEERS_ERR_HANDLE);
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    void *copies[2];
    peers_t *nodes[2][NODES];
    for (int copy = 0; copy < 2; copy++) {
        copies[copy] = dlopen(arguments[1 + copy], RTLD_NOW | RTLD_LOCAL);
        CHECK(copies[copy] != NULL);
        for (int i = 0; i < NODES; i++) nodes[copy][i] = start(copies[copy]);
    }
    CHECK(copies[0] != copies[1]);
    for (int copy = 0; copy < 2; copy++) {
        for (int i = 0; i < NODES; i++) check_unknown(copies[1 - copy], nodes[copy][i]);
        for (int i = 0; i < NODES; i++) CHECK(CALL(copies[copy], peers_free)(nodes[copy][i]) == PEERS_OK);
    }
    return 0;
}
