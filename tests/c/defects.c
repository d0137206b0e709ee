/* Defects that the sanitizers must find, lest they look on and see nothing: its argument says which. Each is about
 * memory that the library made. */

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

/* Without anything that says which comes first. */
static void race(peers_list_t *list) {
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_list, list) == 0);
    ((peers_list_t *)list)->len = 0;
    CHECK(pthread_join(reader, NULL) == 0);
    peers_list_free(list);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    peers_list_t *list = take_list();
    if (strcmp(arguments[1], "none") == 0) {
        peers_list_free(list);
    } else if (strcmp(arguments[1], "leak") == 0) {
        list = NULL;
    } else if (strcmp(arguments[1], "use-after-free") == 0) {
        peers_list_free(list);
        read_list(list);
    } else if (strcmp(arguments[1], "race") == 0) {
        race(list);
    } else {
        FAIL("there is no defect \"%s\"", arguments[1]);
    }
    return 0;
}
