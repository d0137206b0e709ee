/* Defects that valgrind and the sanitizers must report: the argument says which. Each is about memory that the library
 * allocated. */

#include "check.h"

#include <pthread.h>

static peers_list_t *take_list(void) {
    peers_t *node = start_manual("node", "memory:defects");
    peers_list_t *list = NULL;
    CHECK_OK(peers_register(node, "lamp", "", 0, 0));
    CHECK_OK(peers_list(node, &list));
    CHECK_OK(peers_free(node));
    return list;
}

static volatile size_t sink;

static void *read_list(void *list) {
    sink = ((peers_list_t *)list)->len;
    return NULL;
}

/* Reads a list, an event or a part of one after it was freed, while its node runs: it must not keep the memory. */
static void read_after_free(const char *part) {
    peers_t *node = start_manual("node", "memory:defects");
    peers_list_t *list = NULL;
    peers_event_t *event = NULL;
    CHECK_OK(peers_register(node, "lamp", "on", 2, 0));
    CHECK_OK(peers_list(node, &list));
    CHECK_OK(peers_next_event(node, 0, &event));
    const peers_peer_t *record = peers_list_at(list, 0), *changed = event->peer;
    const char *name = record->name;
    const unsigned char *value = record->value;
    peers_list_free(list);
    peers_event_free(event);
    if (strcmp(part, "list") == 0) {
        read_list(list);
    } else if (strcmp(part, "record") == 0) {
        sink = record->value_len;
    } else if (strcmp(part, "name") == 0) {
        sink = (size_t)name[0];
    } else if (strcmp(part, "value") == 0) {
        sink = value[0];
    } else if (strcmp(part, "event") == 0) {
        sink = event->kind;
    } else if (strcmp(part, "changed") == 0) {
        sink = changed->value_len;
    } else {
        FAIL("a list or event has no part \"%s\"", part);
    }
    CHECK_OK(peers_free(node));
}

/* Without anything that says which comes first. */
static void race(peers_list_t *list) {
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_list, list) == 0);
    ((peers_list_t *)list)->len = 0;
    CHECK(pthread_join(reader, NULL) == 0);
    peers_list_free(list);
}

int main(int count, char **arguments) {
    CHECK(count == 2 || count == 3);
    if (count == 3) {
        CHECK(strcmp(arguments[1], "use-after-free") == 0);
        read_after_free(arguments[2]);
        return 0;
    }
    peers_list_t *list = take_list();
    if (strcmp(arguments[1], "none") == 0) {
        peers_list_free(list);
    } else if (strcmp(arguments[1], "leak") == 0) {
        list = NULL;
    } else if (strcmp(arguments[1], "race") == 0) {
        race(list);
    } else {
        FAIL("there is no defect \"%s\"", arguments[1]);
    }
    return 0;
}
