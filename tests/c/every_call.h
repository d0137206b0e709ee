/* Makes every call of the header once. */

#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include "check.h"

/* The calls on a node that takes seeds and has keys. */
static inline void make_calls_on(peers_t *node) {
    peers_entry_t entry = PEERS_ENTRY_INIT;
    entry.key = "printer";
    entry.value = "on";
    entry.value_len = 2;
    entry.address = "192.0.2.7";
    entry.port = 631;
    CHECK_OK(peers_register(node, "lamp", "on", 2, 3600000));
    CHECK_OK(peers_register_at(node, &entry));
    CHECK_OK(peers_set_value(node, "value", 5));
    CHECK_OK(peers_set_keys(node, some_keys_, 2));
    CHECK_OK(peers_set_seeds(node, "127.0.0.1:9,[::1]:9"));

    peers_list_t *list = NULL, *self = NULL;
    CHECK_OK(peers_list(node, &list));
    CHECK(list->len >= 2 && peers_list_at(list, list->len) == NULL);
    CHECK_OK(peers_self(node, &self));
    peers_list_free(list);
    peers_list_free(self);

    uint64_t version = 0;
    CHECK_OK(peers_wait(node, version, 0, &version));
    int32_t fd = -1;
    CHECK_OK(peers_event_fd(node, &fd));
    peers_subscription_t *subscription = NULL;
    CHECK_OK(peers_subscribe(node, &subscription));
    CHECK_OK(peers_subscription_fd(subscription, &fd));
    CHECK_OK(peers_unregister(node, "printer"));
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, -1, &event));
    peers_event_free(event);
    CHECK_OK(peers_subscription_next(subscription, -1, &event));
    peers_event_free(event);
    while (peers_next_event(node, 10, &event) == PEERS_OK) peers_event_free(event);
    CHECK_OK(peers_subscription_free(subscription));

    peers_health_t health = PEERS_HEALTH_INIT;
    CHECK_OK(peers_health(node, &health));
    int32_t advanced = peers_advance(node, 1000);
    CHECK(advanced == PEERS_OK || advanced == PEERS_ERR_INVALID); /* the clock is the system's */
}

/* Starts a node, makes every call on it, and frees it. */
static inline void make_every_call(peers_config_t config) {
    config.keys = some_keys_;
    config.keys_count = 1;
    config.seeds = "127.0.0.1:9";
    peers_t *node = NULL;
    CHECK_OK(peers_start(&config, &node));
    make_calls_on(node);
    unsigned char txt[64];
    size_t len = 0, value_len = 0;
    const void *value = NULL;
    CHECK_OK(peers_txt_put(txt, sizeof txt, &len, "role", "db", 2));
    CHECK_OK(peers_txt_get(txt, len, "role", &value, &value_len));
    CHECK(value_len == 2 && peers_version()[0] == '0' && peers_strerror(0)[0] != '\0');
    CHECK_FAILS(peers_register(node, "", "", 0, 0), PEERS_ERR_INVALID, "peers_register: ");
    CHECK_OK(peers_free(node));
}

#endif
