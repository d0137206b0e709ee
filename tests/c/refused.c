/* What the system refuses a node: threads and descriptors. PEERS_TEST_PORT is a port of its own. */

#include "every_call.h"
#include "process.h"

#include <dlfcn.h>
#include <errno.h>

static uint32_t port;

static int refuses_threads;

/* Stands before the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    if (refuses_threads) return EAGAIN;
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    return create(thread, attributes, run, argument);
}

static void check_event(peers_t *node, uint32_t kind, uint32_t reason) {
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, 0, &event));
    CHECK(event->kind == kind && event->reason == reason);
    peers_event_free(event);
}

/* It has announced itself by then. */
static void a_node_without_a_thread_says_goodbye(void) {
    peers_t *observer = start_manual("observer", "memory:refused"), *node = UNTOUCHED;
    int descriptors = open_descriptors();
    peers_config_t config = memory_config("node", "memory:refused");
    config.flags = 0;
    refuses_threads = 1;
    CHECK_FAILS(peers_start(&config, &node), PEERS_ERR_SYSTEM, "RLIMIT_NPROC");
    refuses_threads = 0;
    CHECK(node == UNTOUCHED && open_descriptors() == descriptors);
    check_event(observer, PEERS_EVENT_JOINED, PEERS_LEFT_NONE);
    check_event(observer, PEERS_EVENT_LEFT, PEERS_LEFT_GOODBYE);
    CHECK_OK(peers_free(observer));
}

/* Health says so, and the node tries again. */
static void seeds_without_a_thread_to_resolve_them(void) {
    peers_config_t config = memory_config("node", "memory:refused names");
    config.flags = 0;
    config.mode = PEERS_MODE_SEEDS;
    peers_t *node = start(&config);
    refuses_threads = 1;
    CHECK_OK(peers_set_seeds(node, "peers.invalid:1"));
    peers_health_t health = PEERS_HEALTH_INIT;
    do CHECK_OK(peers_health(node, &health));
    while (health.reason == PEERS_REASON_NONE);
    CHECK(health.reason == PEERS_REASON_RESOLVER && strstr(health.detail, "seed peers.invalid:1") != NULL);
    refuses_threads = 0;
    CHECK_OK(peers_free(node));
}

#define FEWEST 3
#define MOST 20

static rlim_t limit;

/* The numbers below the limit but three are free: of the calls that make a descriptor, one more succeeds each time. */
static void start_with_the_limit(peers_t *unused, peers_t *unused_too) {
    (void)unused, (void)unused_too;
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.interfaces = "lo";
    config.port = port;
    config.interval_ms = 100;
    config.expiry_ms = 1000;
    CHECK_OK(peers_free(start(&config))); /* what is made once, such as a sanitizer's own */
    wait_until_threads_are(3);
    int before = open_descriptors();
    struct rlimit all;
    CHECK(getrlimit(RLIMIT_NOFILE, &all) == 0);
    limit_descriptors(limit);
    peers_t *node = UNTOUCHED;
    int32_t status = peers_start(&config, &node);
    int32_t fd = -77;
    if (status == PEERS_OK) {
        int32_t made = peers_event_fd(node, &fd);
        if (made != PEERS_OK) {
            CHECK_STATUS(made, PEERS_ERR_SYSTEM);
            CHECK(fd == -77 && strstr(peers_last_error(), "RLIMIT_NOFILE") != NULL);
        }
        CHECK(health_of(node).state != PEERS_STATE_FAILED);
    } else {
        CHECK_STATUS(status, PEERS_ERR_SYSTEM);
        CHECK(node == UNTOUCHED && strstr(peers_last_error(), "RLIMIT_NOFILE") != NULL);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &all) == 0);
    if (status != PEERS_OK) {
        CHECK(open_descriptors() == before);
        node = start(&config);
    }
    /* It looks at the interfaces again at each announcement. */
    while (health_of(node).state != PEERS_STATE_RUNNING) sched_yield();
    CHECK_OK(peers_free(node));
    CHECK(open_descriptors() == before);
}

static void each_call_that_makes_a_descriptor(void) {
    for (limit = FEWEST; limit <= MOST; limit++) in_child(start_with_the_limit, NULL, NULL);
}

int main(int count, char **arguments) {
    port = test_port();
    static const case_t cases[] = {
        CASE(a_node_without_a_thread_says_goodbye),
        CASE(seeds_without_a_thread_to_resolve_them),
        CASE(each_call_that_makes_a_descriptor),
    };
    return RUN_CASES(cases, count, arguments);
}
