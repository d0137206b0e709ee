/* Loads the library, its argument, and unloads it, again and again, each time with a node's thread alive. */

#include <dlfcn.h>
#include <peers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

/* A call of the header, found by its name: nothing is linked under it here. */
#define CALL(call) ((__typeof__(&call))find(library, #call))

static uintptr_t find(void *library, const char *name) {
    uintptr_t found = (uintptr_t)dlsym(library, name);
    CHECK(found != 0);
    return found;
}

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    return library;
}

static peers_t *start(void *library, const char *network) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.network = network;
    config.interval_ms = 10; /* so that the thread has work all the time */
    config.expiry_ms = 100;
    peers_t *node = NULL;
    CHECK(CALL(peers_start)(&config, &node) == PEERS_OK);
    return node;
}

static void free_node(void *library, peers_t *node) { CHECK(CALL(peers_free)(node) == PEERS_OK); }

/* The name of an entry that was registered is told by an event. */
static void check_works(void *library, peers_t *node) {
    peers_event_t *event = NULL;
    CHECK(CALL(peers_register)(node, "lamp", "", 0, 60000) == PEERS_OK);
    CHECK(CALL(peers_next_event)(node, -1, &event) == PEERS_OK);
    CHECK(event->kind == PEERS_EVENT_JOINED && strcmp(event->peer->name, "lamp") == 0);
    CALL(peers_event_free)(event);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    /* Left alone by its only user, with its thread still running in the library's code. */
    void *library = load(arguments[1]);
    peers_t *survivor = start(library, "memory:survivor");
    for (int round = 0; round < ROUNDS; round++) {
        peers_t *node = start(library, "memory:round");
        CHECK(dlclose(library) == 0);
        library = load(arguments[1]);
        check_works(library, node);
        free_node(library, node);
        CHECK(dlclose(library) == 0);
        library = load(arguments[1]);
    }
    check_works(library, survivor);
    free_node(library, survivor);

    start(library, "memory:left-running");
    CHECK(dlclose(library) == 0);
    return 0;
}
