/* What the C tests share: checks that say where they failed, and nodes on networks in memory. */

#ifndef CHECK_H
#define CHECK_H

#include <peers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(...)                                                                             \
    do {                                                                                      \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                       \
        fprintf(stderr, __VA_ARGS__);                                                         \
        fprintf(stderr, "\n    peers_last_error(): \"%s\"\n", peers_last_error());            \
        exit(1);                                                                              \
    } while (0)

#define CHECK(condition)                                                                      \
    do {                                                                                      \
        if (!(condition)) FAIL("not so: %s", #condition);                                     \
    } while (0)

/* The call returns this status. */
#define CHECK_STATUS(call, expected)                                                          \
    do {                                                                                      \
        int32_t status_ = (call);                                                             \
        if (status_ != (expected))                                                            \
            FAIL("%s\n    returned %d (%s), not %s", #call, status_, peers_strerror(status_), \
                 #expected);                                                                  \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(call, PEERS_OK)

/* The call fails with this status, and peers_last_error() contains these words. */
#define CHECK_FAILS(call, expected, words)                                                    \
    do {                                                                                      \
        CHECK_STATUS(call, expected);                                                         \
        if (strstr(peers_last_error(), (words)) == NULL)                                      \
            FAIL("%s\n    should have said \"%s\"", #call, (words));                          \
    } while (0)

/* What an output holds before a call that must not write it. */
static char untouched_[1];
#define UNTOUCHED ((void *)untouched_)

/* As many bytes as the most keys a node holds. */
static const unsigned char some_keys_[8 * 32] = {1};

/* The configuration of a node on a network in memory, whose time stands still. */
static inline peers_config_t memory_config(const char *name, const char *network) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.network = network;
    config.flags = PEERS_MANUAL_CLOCK;
    return config;
}

static inline peers_t *start(const peers_config_t *config) {
    peers_t *node = NULL;
    CHECK_OK(peers_start(config, &node));
    CHECK(node != NULL);
    return node;
}

static inline peers_t *start_manual(const char *name, const char *network) {
    peers_config_t config = memory_config(name, network);
    return start(&config);
}

static inline peers_list_t *list_of(peers_t *node) {
    peers_list_t *list = NULL;
    CHECK_OK(peers_list(node, &list));
    return list;
}

/* How many peers the node lists. */
static inline size_t list_len(peers_t *node) {
    peers_list_t *list = list_of(node);
    size_t len = list->len;
    peers_list_free(list);
    return len;
}

/* Waits until the node lists so many peers. */
static inline void wait_until_listed(peers_t *node, size_t count) {
    for (;;) {
        peers_list_t *list = list_of(node);
        size_t len = list->len;
        uint64_t version = list->version;
        peers_list_free(list);
        if (len == count) return;
        CHECK_OK(peers_wait(node, version, -1, &version));
    }
}

static inline peers_health_t health_of(peers_t *node) {
    peers_health_t health = PEERS_HEALTH_INIT;
    CHECK_OK(peers_health(node, &health));
    return health;
}

/* Every call but peers_free fails in the same way on this handle, and writes nothing. */
static inline void check_every_call_fails(peers_t *handle, int32_t status, const char *words) {
    peers_list_t *list = UNTOUCHED;
    peers_event_t *event = UNTOUCHED;
    int32_t fd = -77;
    peers_health_t health = PEERS_HEALTH_INIT;
    health.sent = 77;
    uint64_t version = 77;
    peers_subscription_t *subscription = UNTOUCHED;
    peers_entry_t entry = PEERS_ENTRY_INIT;
    entry.key = "key";

    CHECK_FAILS(peers_register(handle, "key", "value", 5, 0), status, words);
    CHECK_FAILS(peers_register_at(handle, &entry), status, words);
    CHECK_FAILS(peers_unregister(handle, "key"), status, words);
    CHECK_FAILS(peers_set_value(handle, "value", 5), status, words);
    CHECK_FAILS(peers_set_keys(handle, some_keys_, 1), status, words);
    CHECK_FAILS(peers_set_seeds(handle, "192.0.2.1:1"), status, words);
    CHECK_FAILS(peers_advance(handle, 1), status, words);
    CHECK_FAILS(peers_list(handle, &list), status, words);
    CHECK_FAILS(peers_self(handle, &list), status, words);
    CHECK_FAILS(peers_wait(handle, 0, 0, &version), status, words);
    CHECK_FAILS(peers_wait(handle, 1, -1, &version), status, words);
    CHECK_FAILS(peers_subscribe(handle, &subscription), status, words);
    CHECK_FAILS(peers_next_event(handle, 0, &event), status, words);
    CHECK_FAILS(peers_next_event(handle, -1, &event), status, words);
    CHECK_FAILS(peers_event_fd(handle, &fd), status, words);
    CHECK_FAILS(peers_health(handle, &health), status, words);
    peers_interfaces_t *interfaces = UNTOUCHED;
    CHECK_FAILS(peers_interfaces(handle, &interfaces), status, words);
    CHECK(interfaces == UNTOUCHED);

    CHECK(list == UNTOUCHED);
    CHECK(event == UNTOUCHED);
    CHECK(fd == -77);
    CHECK(health.sent == 77);
    CHECK(version == 77);
    CHECK(subscription == UNTOUCHED);
}

/* Every call but peers_health and peers_free says that the node has failed, and health says why. */
static inline void check_calls_on_failed(peers_t *node, const char *words) {
    peers_list_t *list = UNTOUCHED;
    peers_event_t *event = UNTOUCHED;
    int32_t fd = -77;
    CHECK_FAILS(peers_register(node, "key", "value", 5, 0), PEERS_ERR_FAILED, words);
    CHECK_FAILS(peers_set_value(node, "value", 5), PEERS_ERR_FAILED, words);
    CHECK_FAILS(peers_set_seeds(node, NULL), PEERS_ERR_FAILED, words);
    CHECK_FAILS(peers_list(node, &list), PEERS_ERR_FAILED, words);
    uint64_t version = 77;
    CHECK_FAILS(peers_wait(node, 1, -1, &version), PEERS_ERR_FAILED, words);
    CHECK(version == 77);
    CHECK_FAILS(peers_next_event(node, 0, &event), PEERS_ERR_FAILED, words);
    CHECK_FAILS(peers_next_event(node, -1, &event), PEERS_ERR_FAILED, words);
    CHECK_FAILS(peers_event_fd(node, &fd), PEERS_ERR_FAILED, words);
    CHECK(list == UNTOUCHED && event == UNTOUCHED && fd == -77);

    peers_health_t health = health_of(node);
    CHECK(health.state == PEERS_STATE_FAILED && health.reason == PEERS_REASON_INTERNAL);
    if (strstr(health.detail, words) == NULL) FAIL("health says \"%s\", not \"%s\"", health.detail, words);
}

/* A case of a test program. The tests take a program's cases from the lines that begin with CASE. */
typedef struct {
    const char *name;
    void (*run)(void);
} case_t;

#define CASE(function) {#function, function}

/* Runs the cases that the arguments name, or all of them. */
static inline int run_cases(const case_t *cases, size_t len, int count, char **arguments) {
    for (size_t i = 0; count == 1 && i < len; i++) cases[i].run();
    for (int argument = 1; argument < count; argument++) {
        size_t i = 0;
        while (i < len && strcmp(cases[i].name, arguments[argument]) != 0) i++;
        if (i == len) FAIL("there is no case \"%s\"", arguments[argument]);
        cases[i].run();
    }
    return 0;
}

#define RUN_CASES(cases, count, arguments) run_cases(cases, sizeof(cases) / sizeof *(cases), count, arguments)

#endif
