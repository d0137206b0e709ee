/* A panic fails the node it happened in, and nothing else. Needs a library with the feature test-panic. */

#include "check.h"

#include <pthread.h>
#include <sched.h>

/* One to look at afterwards, on a network of its own. */
static peers_t *bystander;

static peers_t *start_victim(uint32_t flags) {
    peers_config_t config = memory_config("victim", "memory:panics");
    config.flags = flags;
    return start(&config);
}

/* The node has failed: every call says so, health says why, and it can be freed. */
static void check_failed(peers_t *victim, const char *words) {
    check_calls_on_failed(victim, words);
    CHECK_OK(peers_free(victim));
    CHECK_STATUS(peers_free(victim), PEERS_ERR_HANDLE);

    CHECK(list_len(bystander) == 1);
    CHECK(health_of(bystander).state == PEERS_STATE_RUNNING);
    CHECK_OK(peers_register(bystander, "lamp", "", 0, 3600000));

    /* Another of the same name works on the same network. */
    peers_t *next = start_victim(PEERS_MANUAL_CLOCK);
    CHECK_OK(peers_register(next, "lamp", "", 0, 0));
    CHECK(list_len(next) == 1);
    CHECK_OK(peers_free(next));
}

/* Waits without limit for an event that never comes. */
static void *wait_for_failure(void *victim) {
    peers_event_t *event = UNTOUCHED;
    CHECK_STATUS(peers_next_event(victim, -1, &event), PEERS_ERR_FAILED);
    CHECK(event == UNTOUCHED);
    return NULL;
}

/* In the node's thread, with the node locked and with only its network locked. */
static void in_the_thread(const char *value, const char *words) {
    peers_t *victim = start_victim(0);
    CHECK_OK(peers_set_value(victim, value, strlen(value)));
    wait_for_failure(victim);
    /* A call may have come between the panic and what it said. */
    while (strstr(health_of(victim).detail, words) == NULL) sched_yield();
    check_failed(victim, words);
}

/* The same in a call, for a node without a thread. */
static void in_a_call_that_steps_the_node(const char *value) {
    peers_t *victim = start_victim(PEERS_MANUAL_CLOCK);
    CHECK_FAILS(peers_set_value(victim, value, strlen(value)), PEERS_ERR_FAILED, "panicked");
    check_failed(victim, "a call panicked");
}

static void in_a_call_that_holds_the_lock(uint32_t flags) {
    peers_t *victim = start_victim(flags);
    pthread_t waiters[3];
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&waiters[i], NULL, wait_for_failure, victim) == 0);
    CHECK_FAILS(peers_register(victim, "panic:register", "", 0, 0), PEERS_ERR_FAILED, "panicked");
    for (int i = 0; i < 3; i++) CHECK(pthread_join(waiters[i], NULL) == 0);
    check_failed(victim, "a call panicked");
}

static void in_an_export(uint32_t flags) {
    peers_t *victim = start_victim(flags);
    peers_list_t *list = UNTOUCHED;
    CHECK_OK(peers_register(victim, "panic:export", "", 0, 0));
    CHECK_FAILS(peers_list(victim, &list), PEERS_ERR_FAILED, "panicked");
    CHECK(list == UNTOUCHED);
    check_failed(victim, "a call panicked");
}

static void a_panic_on_a_datagram_in_the_thread(void) { in_the_thread("panic:feed", "fail point feed"); }

static void a_panic_on_sending_in_the_thread(void) { in_the_thread("panic:send", "fail point send"); }

static void a_panic_on_a_datagram_in_a_call(void) { in_a_call_that_steps_the_node("panic:feed"); }

static void a_panic_on_sending_in_a_call(void) { in_a_call_that_steps_the_node("panic:send"); }

static void a_panic_in_a_call_that_holds_the_lock(void) { in_a_call_that_holds_the_lock(0); }

static void a_panic_in_a_call_that_holds_the_lock_with_a_manual_clock(void) { in_a_call_that_holds_the_lock(PEERS_MANUAL_CLOCK); }

static void a_panic_in_an_export(void) { in_an_export(0); }

static void a_panic_in_an_export_with_a_manual_clock(void) { in_an_export(PEERS_MANUAL_CLOCK); }

int main(int count, char **arguments) {
    peers_config_t config = memory_config("bystander", "memory:untouched");
    config.flags = 0;
    bystander = start(&config);
    CHECK_OK(peers_register(bystander, "lamp", "", 0, 3600000));
    static const case_t cases[] = {
        CASE(a_panic_on_a_datagram_in_the_thread),
        CASE(a_panic_on_sending_in_the_thread),
        CASE(a_panic_on_a_datagram_in_a_call),
        CASE(a_panic_on_sending_in_a_call),
        CASE(a_panic_in_a_call_that_holds_the_lock),
        CASE(a_panic_in_a_call_that_holds_the_lock_with_a_manual_clock),
        CASE(a_panic_in_an_export),
        CASE(a_panic_in_an_export_with_a_manual_clock),
    };
    int status = RUN_CASES(cases, count, arguments);
    CHECK_OK(peers_free(bystander));
    return status;
}
