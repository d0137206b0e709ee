/* Every call on a thread with a small stack. PEERS_TEST_PORT is a port of its own; PEERS_TEST_STACK the stack's size in KiB, 64 if it is not
 * set. */

#include "every_call.h"
#include "process.h"

static uint32_t port;

static void *make_every_call_here(void *config) {
    make_every_call(*(peers_config_t *)config);
    return config;
}

static void on_a_small_stack(peers_config_t config) {
    const char *size = getenv("PEERS_TEST_STACK");
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, (size == NULL ? 64 : (size_t)atoi(size)) * 1024) == 0);
    CHECK(pthread_create(&thread, &attributes, make_every_call_here, &config) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
}

static void every_call_on_sockets(void) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.port = port;
    on_a_small_stack(config);
}

static void every_call_in_memory(void) { on_a_small_stack(memory_config("node", "memory:stack")); }

static void every_call_of_a_member_of_a_cluster(void) {
    peers_config_t config = memory_config("node", "memory:stack cluster");
    config.mode = PEERS_MODE_SWIM;
    on_a_small_stack(config);
}

int main(int count, char **arguments) {
    port = test_port();
    static const case_t cases[] = {
        CASE(every_call_on_sockets),
        CASE(every_call_in_memory),
        CASE(every_call_of_a_member_of_a_cluster),
    };
    return RUN_CASES(cases, count, arguments);
}
