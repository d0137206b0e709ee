/* Many nodes, at once and one after another: what the process has left, and what it has not. PEERS_TEST_PORT is a port of its own; PEERS_TEST_STARTS is how often a node is
 * started, 10,000 times if it is not set. */

#include "process.h"

#include <errno.h>

static uint32_t port;

static peers_config_t on_memory(const char *network) {
    peers_config_t config = memory_config("node", network);
    config.flags = 0;
    return config;
}

static peers_config_t on_sockets(void) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.cluster = "many";
    config.interfaces = "lo";
    config.port = port;
    return config;
}

/* All of them list each other; then all go. */
static void at_once(peers_config_t config, int count) {
    int descriptors = open_descriptors(), tasks = threads();
    peers_t **nodes = calloc((size_t)count, sizeof *nodes);
    CHECK(nodes != NULL);
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "node%d", i);
        config.name = name;
        nodes[i] = start(&config);
    }
    for (int i = 0; i < count; i++) {
        wait_until_listed(nodes[i], (size_t)count - 1);
    }
    for (int i = 0; i < count; i++) CHECK_OK(peers_free(nodes[i]));
    free(nodes);
    CHECK(open_descriptors() == descriptors);
    wait_until_threads_are(tasks);
}

/* A thousand threads; each node is alone on its network, so that they do not speak a million times. */
static void a_thousand_threads(void) {
    enum { COUNT = 1000 };
    static peers_t *nodes[COUNT];
    int descriptors = open_descriptors(), tasks = threads();
    for (int i = 0; i < COUNT; i++) {
        char network[32];
        snprintf(network, sizeof network, "memory:thousand%d", i);
        peers_config_t config = on_memory(network);
        nodes[i] = start(&config);
    }
    CHECK(threads() == tasks + COUNT);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(peers_register(nodes[i], "lamp", "", 0, 0));
        CHECK(list_len(nodes[i]) == 1);
    }
    for (int i = 0; i < COUNT; i++) CHECK_OK(peers_free(nodes[i]));
    CHECK(open_descriptors() == descriptors);
    wait_until_threads_are(tasks);
}

/* One descriptor more each time, until a node starts: before that, a clear status, and nothing is kept. */
static void too_few_descriptors(peers_config_t config, int needed) {
    config.interval_ms = 10;
    config.expiry_ms = 1000;
    enum { ROOM = 32 };
    int held[ROOM], count = 0, tasks = threads();
    limit_descriptors((rlim_t)open_descriptors() + ROOM - 8);
    while (count < ROOM && (held[count] = dup(0)) >= 0) count++;
    CHECK(count < ROOM && errno == EMFILE);
    int given_back = 0;
    peers_t *node = UNTOUCHED;
    while (peers_start(&config, &node) != PEERS_OK) {
        CHECK_FAILS(peers_start(&config, &node), PEERS_ERR_SYSTEM, "Too many open files");
        CHECK(node == UNTOUCHED);
        CHECK(given_back < count);
        CHECK(close(held[given_back++]) == 0);
    }
    if (given_back != needed) FAIL("%d descriptors for %d", given_back, needed); /* not one of them was kept by the starts that failed */
    int32_t fd = -77;
    CHECK_FAILS(peers_event_fd(node, &fd), PEERS_ERR_SYSTEM, "Too many open files");
    CHECK(fd == -77);
    while (given_back < count) CHECK(close(held[--count]) == 0);
    /* It could not open all sockets, and not see the interfaces; it tries again at each announcement. */
    while (health_of(node).state != PEERS_STATE_RUNNING) sched_yield();
    CHECK_OK(peers_free(node));
    wait_until_threads_are(tasks);
    limit_descriptors(RLIM_INFINITY);
}

/* One after another. The first tenth is for what grows once, such as the allocator's arenas. */
static void one_after_another(const char *where, peers_config_t config, int count) {
    int descriptors = open_descriptors(), tasks = threads();
    long before = 0;
    for (int i = 0; i < count; i++) {
        if (i == count / 10) before = resident_kib();
        peers_t *node = start(&config);
        int32_t fd = -1;
        CHECK_OK(peers_event_fd(node, &fd));
        CHECK_OK(peers_free(node));
    }
    long after = resident_kib();
    printf("%d starts %s: %ld KiB after a tenth, %ld KiB after all\n", count, where, before, after);
    CHECK(open_descriptors() == descriptors);
    wait_until_threads_are(tasks);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed, to find its use */
    /* Of 9000 starts each may keep a hundred bytes: less than any block that a node holds for itself. */
    if (after - before > 900) FAIL("resident memory grew from %ld to %ld KiB", before, after);
#endif
}

static int starts(void) {
    const char *text = getenv("PEERS_TEST_STARTS");
    return text == NULL ? 10000 : atoi(text);
}

static void one_after_another_in_memory(void) { one_after_another("in memory", on_memory("memory:loop"), starts()); }

static void one_after_another_on_sockets(void) { one_after_another("on sockets", on_sockets(), starts()); }

static void too_few_descriptors_in_memory(void) { too_few_descriptors(on_memory("memory:few"), 2); }

static void too_few_descriptors_on_sockets(void) { too_few_descriptors(on_sockets(), 4); }

static void a_hundred_at_once_in_memory(void) { at_once(on_memory("memory:many"), 100); }

static void a_hundred_at_once_on_sockets(void) { at_once(on_sockets(), 100); }

int main(int count, char **arguments) {
    port = test_port();
    limit_descriptors(RLIM_INFINITY);
    static const case_t cases[] = {
        CASE(one_after_another_in_memory),
        CASE(one_after_another_on_sockets),
        CASE(too_few_descriptors_in_memory),
        CASE(too_few_descriptors_on_sockets),
        CASE(a_hundred_at_once_in_memory),
        CASE(a_hundred_at_once_on_sockets),
        CASE(a_thousand_threads),
    };
    return RUN_CASES(cases, count, arguments);
}
