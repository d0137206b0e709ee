/* Threads that the program cancels: no call is a cancellation point. PEERS_TEST_PORT is a port of its own. */

#include "every_call.h"
#include "process.h"

static uint32_t port;

static peers_config_t on_sockets(void) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.interfaces = "lo";
    config.port = port;
    return config;
}

static void request_cancellation(void) { CHECK(pthread_cancel(pthread_self()) == 0); }

static atomic_int calls_made;

static void *make_every_call_while_cancelled(void *config) {
    request_cancellation();
    make_every_call(*(peers_config_t *)config);
    calls_made++;
    pthread_testcancel();
    FAIL("the request is lost");
}

static void check_cancelled(void *(*run)(void *), void *argument) {
    pthread_t thread;
    void *result = NULL;
    calls_made = 0;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED && calls_made == 1);
}

static void a_request_waits_for_the_end_of_each_call(void) {
    peers_config_t config = on_sockets();
    check_cancelled(make_every_call_while_cancelled, &config);
    config = memory_config("node", "memory:cancel");
    check_cancelled(make_every_call_while_cancelled, &config);
    make_every_call(on_sockets()); /* no lock was left behind */
}

static void reach_a_cancellation_point(int32_t level, const char *message, void *context) {
    (void)level, (void)message, (void)context;
    pthread_testcancel();
}

static void *log_while_cancelled(void *unused) {
    (void)unused;
    peers_config_t config = memory_config("node", "memory:cancel log");
    config.log = reach_a_cancellation_point;
    request_cancellation();
    CHECK_OK(peers_free(start(&config)));
    calls_made++;
    pthread_testcancel();
    FAIL("the request is lost");
}

static void a_log_function_in_a_call_is_not_cancelled(void) { check_cancelled(log_while_cancelled, NULL); }

static void a_waiting_call_goes_on(void) {
    peers_t *node = start_manual("node", "memory:cancel wait");
    waiter_t waiter;
    start_waiter(&waiter, node);
    CHECK(pthread_cancel(waiter.thread) == 0);
    CHECK_OK(peers_free(node));
    void *result = NULL;
    CHECK(pthread_join(waiter.thread, &result) == 0);
    CHECK_STATUS(waiter.status, PEERS_ERR_STOPPED);
}

int main(int count, char **arguments) {
    port = test_port();
    static const case_t cases[] = {
        CASE(a_request_waits_for_the_end_of_each_call),
        CASE(a_log_function_in_a_call_is_not_cancelled),
        CASE(a_waiting_call_goes_on),
    };
    return RUN_CASES(cases, count, arguments);
}
