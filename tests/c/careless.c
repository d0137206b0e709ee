/* Callers that do not care: with a port in PEERS_TEST_PORT on real sockets, without on a network in memory. */

#include "process.h"

#include <signal.h>

#define ROUNDS 50

/* Nobody else is heard on it; 0 on a network in memory. */
static uint32_t port;

static peers_t *start_node(const char *name) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.cluster = "careless"; /* of several nodes in one process each hears the others */
    config.network = port == 0 ? "memory:careless" : NULL;
    config.interfaces = port == 0 ? NULL : "lo";
    config.port = port;
    return start(&config);
}

static void check_dead(peers_t *handle) {
    check_every_call_fails(handle, PEERS_ERR_HANDLE, "no live node");
    CHECK_FAILS(peers_free(handle), PEERS_ERR_HANDLE, "no live node");
}

static void use_after_free(void) {
    peers_t *freed[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        freed[i] = start_node("freed");
        CHECK_OK(peers_free(freed[i]));
        CHECK_STATUS(peers_free(freed[i]), PEERS_ERR_HANDLE);
    }
    peers_t *live = start_node("live");
    for (int i = 0; i < ROUNDS; i++) check_dead(freed[i]);
    CHECK(list_len(live) == 0);
    CHECK_OK(peers_free(live));
}

typedef struct {
    peers_t *node;
    pthread_barrier_t *gate;
    int32_t status;
} free_t;

static void *free_at_the_gate(void *argument) {
    free_t *call = argument;
    pthread_barrier_wait(call->gate);
    call->status = peers_free(call->node);
    return NULL;
}

/* One of them frees it, the other is told that there is no such node. */
static void frees_from_two_threads(void) {
    pthread_barrier_t gate;
    CHECK(pthread_barrier_init(&gate, NULL, 2) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        peers_t *node = start_node("node");
        free_t calls[2] = {{node, &gate, 1}, {node, &gate, 1}};
        pthread_t callers[2];
        for (int i = 0; i < 2; i++) CHECK(pthread_create(&callers[i], NULL, free_at_the_gate, &calls[i]) == 0);
        for (int i = 0; i < 2; i++) CHECK(pthread_join(callers[i], NULL) == 0);
        int first = calls[0].status == PEERS_OK ? 0 : 1;
        CHECK_STATUS(calls[first].status, PEERS_OK);
        CHECK_STATUS(calls[1 - first].status, PEERS_ERR_HANDLE);
    }
    CHECK(pthread_barrier_destroy(&gate) == 0);
}

static void free_ends_every_wait(void) {
    for (int round = 0; round < ROUNDS; round++) {
        peers_t *node = start_node("node");
        waiter_t waiters[3];
        for (int i = 0; i < 3; i++) start_waiter(&waiters[i], node);
        CHECK_OK(peers_free(node));
        for (int i = 0; i < 3; i++) CHECK_STATUS(join_waiter(&waiters[i]), PEERS_ERR_STOPPED);
    }
}

/* A node's whole life: two of them meet, tell each other a value, and part. */
static void live_a_life(void) {
    peers_t *one = start_node("one");
    peers_t *two = start_node("two");
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(one, -1, &event));
    CHECK(event->kind == PEERS_EVENT_JOINED && strcmp(event->peer->name, "two") == 0);
    peers_event_free(event);
    CHECK_OK(peers_set_value(two, "value", 5));
    CHECK_OK(peers_next_event(one, -1, &event));
    CHECK(event->kind == PEERS_EVENT_UPDATED && event->peer->value_len == 5);
    peers_event_free(event);
    CHECK(list_len(one) == 1);
    CHECK_OK(peers_free(two));
    CHECK_OK(peers_next_event(one, -1, &event));
    CHECK(event->kind == PEERS_EVENT_LEFT && event->reason == PEERS_LEFT_GOODBYE);
    peers_event_free(event);
    peers_health_t health = health_of(one);
    CHECK(health.state == PEERS_STATE_RUNNING && health.send_errors == 0);
    CHECK_OK(peers_free(one));
}

static void *with_all_signals_blocked(void *unused) {
    sigset_t all, mask;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
    live_a_life();
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    CHECK(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGALRM)); /* as the caller set it */
    return unused;
}

static void a_thread_in_which_all_signals_are_blocked(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, with_all_signals_blocked, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static atomic_long signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

static atomic_int rain_is_over;

static void *rain(void *target) {
    while (!rain_is_over) {
        CHECK(pthread_kill(*(pthread_t *)target, SIGUSR1) == 0);
        CHECK(kill(getpid(), SIGUSR2) == 0);
    }
    return NULL;
}

/* With a handler that lets system calls be interrupted. */
static void while_signals_rain(void) {
    struct sigaction action = {.sa_handler = count_signal};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    pthread_t self = pthread_self(), cloud;
    rain_is_over = 0;
    CHECK(pthread_create(&cloud, NULL, rain, &self) == 0);
    for (int round = 0; round < 5; round++) live_a_life();
    peers_t *node = start_node("node");
    peers_event_t *event = UNTOUCHED;
    CHECK_STATUS(peers_next_event(node, 50, &event), PEERS_ERR_TIMEOUT);
    CHECK_OK(peers_free(node));
    rain_is_over = 1;
    CHECK(pthread_join(cloud, NULL) == 0);
    CHECK(signals > 0);
}

int main(int count, char **arguments) {
    port = test_port();
    live_a_life(); /* what comes with the first thread, such as a sanitizer's own, is not counted */
    int descriptors = open_descriptors(), tasks = threads();
    static const case_t cases[] = {
        CASE(use_after_free),
        CASE(frees_from_two_threads),
        CASE(free_ends_every_wait),
        CASE(a_thread_in_which_all_signals_are_blocked),
        CASE(while_signals_rain),
    };
    int status = RUN_CASES(cases, count, arguments);
    CHECK(open_descriptors() == descriptors);
    wait_until_threads_are(tasks);
    start_node("left open at exit");
    return status;
}
