/* The main job by the C ABI, on networks in memory and in virtual time: the same on every run. */

#include "check.h"
#include "sockets.h"

#define INTERVAL_MS 1000
#define EXPIRY_MS 2500
#define QUEUE_LENGTH 1024

static peers_t *start_timed(const char *name, const char *network) {
    peers_config_t config = memory_config(name, network);
    config.interval_ms = INTERVAL_MS;
    config.expiry_ms = EXPIRY_MS;
    return start(&config);
}

static void check_event(peers_t *node, uint32_t kind, uint32_t reason, const char *name, const char *value) {
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, 0, &event));
    CHECK(event->kind == kind);
    CHECK(event->reason == reason);
    CHECK(strcmp(event->peer->name, name) == 0);
    CHECK(strcmp(event->peer->value, value) == 0);
    CHECK(event->peer->value_len == strlen(value));
    CHECK((event->peer->expires_in_ms == 0) == (kind == PEERS_EVENT_LEFT));
    peers_event_free(event);
}

static void check_no_event(peers_t *node) {
    peers_event_t *event = UNTOUCHED;
    CHECK_STATUS(peers_next_event(node, 0, &event), PEERS_ERR_TIMEOUT);
    CHECK(event == UNTOUCHED);
}

static void version_and_texts(void) {
    CHECK(strcmp(peers_version(), PEERS_VERSION) == 0);
    for (int32_t status = PEERS_ERR_NOT_FOUND; status <= PEERS_OK; status++) {
        CHECK(strcmp(peers_strerror(status), "unknown status") != 0);
        for (int32_t other = PEERS_ERR_NOT_FOUND; other < status; other++)
            CHECK(strcmp(peers_strerror(status), peers_strerror(other)) != 0);
    }
    CHECK(strcmp(peers_strerror(PEERS_OK + 1), "unknown status") == 0);
    CHECK(strcmp(peers_strerror(PEERS_ERR_NOT_FOUND - 1), "unknown status") == 0);
}

static void nodes_find_each_other(void) {
    peers_config_t config = memory_config("garden", "memory:finding");
    config.interval_ms = INTERVAL_MS;
    config.expiry_ms = EXPIRY_MS;
    config.value = "wet";
    config.value_len = 3;
    config.service_port = 8080;
    peers_t *kitchen = start_timed("kitchen", "memory:finding");
    peers_t *garden = start(&config);
    CHECK(list_len(garden) == 0);  /* the kitchen spoke before it was there */
    CHECK(list_len(kitchen) == 1); /* and now hears the garden's question, and answers */
    CHECK(list_len(garden) == 1);
    check_event(garden, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "kitchen", "");
    check_no_event(garden);
    CHECK_OK(peers_advance(kitchen, INTERVAL_MS / 4));

    static const uint8_t no_id[16];
    peers_list_t *list = list_of(kitchen);
    CHECK(list->len == 1);
    CHECK(list->stride >= sizeof(peers_peer_t));
    const peers_peer_t *peer = peers_list_at(list, 0);
    CHECK(peer == list->records);
    CHECK(strcmp(peer->name, "garden") == 0);
    CHECK(strcmp(peer->address, "10.0.0.2") == 0);
    CHECK(peer->source == PEERS_SOURCE_MULTICAST);
    CHECK(peer->value_len == 3 && strcmp(peer->value, "wet") == 0);
    CHECK(peer->port == 8080);
    CHECK(memcmp(peer->id, no_id, sizeof no_id) != 0);
    CHECK(peer->age_ms == INTERVAL_MS / 4);
    CHECK(peer->expires_in_ms == EXPIRY_MS - INTERVAL_MS / 4);
    CHECK(peers_list_at(list, 1) == NULL);
    CHECK(peers_list_at(list, SIZE_MAX) == NULL);
    peers_list_free(list);

    /* The garden falls silent. Its last word came INTERVAL_MS / 4 ago. */
    check_event(kitchen, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "garden", "wet");
    CHECK_OK(peers_advance(kitchen, EXPIRY_MS - INTERVAL_MS / 4 - 1));
    CHECK(list_len(kitchen) == 1);
    check_no_event(kitchen);
    CHECK_OK(peers_advance(kitchen, 1));
    CHECK(list_len(kitchen) == 0);
    check_event(kitchen, PEERS_EVENT_LEFT, PEERS_LEFT_EXPIRED, "garden", "wet");
    check_no_event(kitchen);
    CHECK_OK(peers_free(garden));
    CHECK_OK(peers_free(kitchen));
}

static void a_new_value_is_told_at_once_and_then_at_most_every_100_ms(void) {
    peers_t *kitchen = start_timed("kitchen", "memory:values");
    peers_t *garden = start_timed("garden", "memory:values");
    check_event(kitchen, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "garden", "");

    CHECK_OK(peers_set_value(garden, "dry", 3));
    check_event(kitchen, PEERS_EVENT_UPDATED, PEERS_LEFT_NONE, "garden", "dry");
    CHECK_OK(peers_set_value(garden, "damp", 4));
    CHECK_OK(peers_set_value(garden, "wet", 3));
    CHECK_OK(peers_advance(garden, 99));
    check_no_event(kitchen);
    CHECK_OK(peers_advance(garden, 1));
    check_event(kitchen, PEERS_EVENT_UPDATED, PEERS_LEFT_NONE, "garden", "wet");

    CHECK_OK(peers_advance(garden, 100));
    CHECK_OK(peers_set_value(garden, NULL, 0));
    check_event(kitchen, PEERS_EVENT_UPDATED, PEERS_LEFT_NONE, "garden", "");
    check_no_event(kitchen);
    CHECK_OK(peers_free(garden));
    CHECK_OK(peers_free(kitchen));
}

static void a_freed_node_says_goodbye(void) {
    peers_t *kitchen = start_timed("kitchen", "memory:leaving");
    peers_t *garden = start_timed("garden", "memory:leaving");
    check_event(kitchen, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "garden", "");
    CHECK_OK(peers_free(garden));
    check_event(kitchen, PEERS_EVENT_LEFT, PEERS_LEFT_GOODBYE, "garden", "");
    CHECK(list_len(kitchen) == 0);
    CHECK_OK(peers_advance(kitchen, INTERVAL_MS));
    check_no_event(kitchen);
    CHECK_OK(peers_free(kitchen));
}

static void nodes_of_one_name_are_two_peers(void) {
    peers_t *observer = start_timed("observer", "memory:twins");
    peers_t *first = start_timed("twin", "memory:twins");
    peers_t *second = start_timed("twin", "memory:twins");
    check_event(first, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "twin", "");

    peers_list_t *list = list_of(observer);
    CHECK(list->len == 2);
    const peers_peer_t *twins[] = {peers_list_at(list, 0), peers_list_at(list, 1)};
    CHECK(strcmp(twins[0]->name, "twin") == 0 && strcmp(twins[1]->name, "twin") == 0);
    CHECK(memcmp(twins[0]->id, twins[1]->id, sizeof twins[0]->id) < 0);
    CHECK(strcmp(twins[0]->address, twins[1]->address) != 0);
    peers_list_free(list);

    CHECK(list_len(second) == 2); /* both have answered */
    CHECK_OK(peers_free(first));
    CHECK(list_len(second) == 1);
    CHECK(list_len(observer) == 1);
    CHECK_OK(peers_free(second));
    CHECK_OK(peers_free(observer));
}

static peers_t *start_in(const char *cluster, const char *name) {
    peers_config_t config = memory_config(name, "memory:clusters");
    config.cluster = cluster;
    return start(&config);
}

static void clusters_do_not_see_each_other(void) {
    peers_t *home = start_in("home", "at home");
    peers_t *work = start_in("work", "at work");
    peers_t *nowhere = start_in(NULL, "nowhere");
    peers_t *guest = start_in("home", "guest");
    CHECK(list_len(home) == 1 && list_len(guest) == 1);
    CHECK(list_len(work) == 0 && list_len(nowhere) == 0);
    check_event(home, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "guest", "");
    check_no_event(home);

    CHECK(health_of(home).other_cluster == 3); /* the queries of work and of nowhere, and a legacy beacon */
    CHECK(health_of(work).other_cluster == 3); /* those of nowhere and of the guest, and a legacy beacon */
    CHECK(health_of(home).stale == 0);
    CHECK_OK(peers_free(guest));
    CHECK_OK(peers_free(nowhere));
    CHECK_OK(peers_free(work));
    CHECK_OK(peers_free(home));
}

static uint64_t datagrams_at_start(const char *cluster, uint32_t flags) {
    peers_config_t config = memory_config("node", "memory:legacy");
    config.cluster = cluster;
    config.flags |= flags;
    peers_t *node = start(&config);
    uint64_t sent = health_of(node).sent;
    CHECK_OK(peers_free(node));
    return sent;
}

static void the_legacy_beacon_is_left_out_on_request_and_in_a_cluster(void) {
    CHECK(datagrams_at_start(NULL, 0) == 2); /* a query and a legacy beacon */
    CHECK(datagrams_at_start("", 0) == 2);
    CHECK(datagrams_at_start(NULL, PEERS_NO_LEGACY) == 1);
    CHECK(datagrams_at_start("home", 0) == 1);
}

static peers_list_t *list_of_len(peers_t *node, size_t len) {
    peers_list_t *list = list_of(node);
    CHECK(list->len == len);
    return list;
}

static void check_peer(const peers_list_t *list, size_t index, const char *name, const char *value, uint64_t age_ms) {
    const peers_peer_t *peer = peers_list_at(list, index);
    CHECK(strcmp(peer->name, name) == 0 && strcmp(peer->value, value) == 0);
    CHECK(peer->age_ms == age_ms);
    CHECK(peer->expires_in_ms == 500 - age_ms);
}

/* A list is that of its moment, for as long as it is held; the memory of one that was freed may be that of the next. */
static void a_list_does_not_change(void) {
    peers_t *node = start_timed("node", "memory:lists");
    CHECK_OK(peers_register(node, "b", "one", 3, 500));
    peers_list_t *first = list_of_len(node, 1);
    CHECK_OK(peers_advance(node, 10));
    peers_list_t *second = list_of_len(node, 1); /* while the first is held */
    check_peer(first, 0, "b", "one", 0);
    check_peer(second, 0, "b", "one", 10);
    peers_list_free(second);
    CHECK_OK(peers_advance(node, 10));
    peers_list_t *third = list_of_len(node, 1); /* when the second is not */
    check_peer(first, 0, "b", "one", 0);
    check_peer(third, 0, "b", "one", 20);
    peers_list_free(third);
    peers_list_free(first);

    CHECK_OK(peers_register(node, "b", "two", 3, 500));
    peers_list_t *updated = list_of_len(node, 1);
    check_peer(updated, 0, "b", "two", 0);
    peers_list_free(updated);
    CHECK_OK(peers_register(node, "a", "", 0, 500));
    peers_list_t *joined = list_of_len(node, 2);
    check_peer(joined, 0, "a", "", 0);
    check_peer(joined, 1, "b", "two", 0);
    peers_list_free(joined);
    CHECK_OK(peers_advance(node, 499));
    CHECK_OK(peers_register(node, "a", "", 0, 500));
    CHECK(list_len(node) == 2);
    CHECK_OK(peers_advance(node, 1));
    peers_list_t *last = list_of_len(node, 1);
    CHECK_OK(peers_free(node));
    check_peer(last, 0, "a", "", 1); /* after the node */
    peers_list_free(last);
}

static void a_registration_is_replaced_and_expires(void) {
    peers_t *node = start_timed("node", "memory:registering");
    CHECK_OK(peers_register(node, "key", "one", 3, 100));
    check_event(node, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "key", "one");
    CHECK_OK(peers_advance(node, 60));
    CHECK_OK(peers_register(node, "key", "one", 3, 100)); /* renewed, and nothing else */
    check_no_event(node);
    CHECK_OK(peers_register(node, "key", "three", 5, 100));
    check_event(node, PEERS_EVENT_UPDATED, PEERS_LEFT_NONE, "key", "three");

    CHECK_OK(peers_advance(node, 99));
    peers_list_t *list = list_of(node);
    CHECK(list->len == 1);
    const peers_peer_t *peer = peers_list_at(list, 0);
    CHECK(peer->source == PEERS_SOURCE_REGISTERED);
    CHECK(peer->expires_in_ms == 1 && peer->age_ms == 99);
    CHECK(strcmp(peer->address, "") == 0);
    CHECK_OK(peers_advance(node, 1));
    CHECK(list_len(node) == 0);
    check_event(node, PEERS_EVENT_LEFT, PEERS_LEFT_EXPIRED, "key", "three");

    CHECK_OK(peers_register(node, "default", "", 0, 0)); /* the node's expiry */
    CHECK_OK(peers_advance(node, EXPIRY_MS - 1));
    CHECK(list_len(node) == 1);
    CHECK_OK(peers_advance(node, 1));
    CHECK(list_len(node) == 0);

    /* The snapshot is as it was, and outlives the node. */
    CHECK_OK(peers_free(node));
    CHECK(strcmp(peers_list_at(list, 0)->value, "three") == 0);
    peers_list_free(list);
}

static void lists_are_ordered_by_name(void) {
    static const char *const names[] = {"m", "z", "B", "\xc3\xa4", "a", "aa"};
    static const char *const ordered[] = {"B", "a", "aa", "m", "z", "\xc3\xa4"};
    peers_t *node = start_timed("node", "memory:ordering");
    for (size_t i = 0; i < 6; i++) CHECK_OK(peers_register(node, names[i], "\0v", 2, 0));

    peers_list_t *list = list_of(node);
    CHECK(list->len == 6);
    for (size_t i = 0; i < 6; i++) {
        const peers_peer_t *peer = peers_list_at(list, i);
        CHECK(strcmp(peer->name, ordered[i]) == 0);
        CHECK(peer->value_len == 2 && memcmp(peer->value, "\0v", 3) == 0);
    }
    peers_list_free(list);
    CHECK_OK(peers_free(node));
}

static int is_readable(int32_t fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    CHECK(poll(&poll_fd, 1, 0) >= 0);
    return (poll_fd.revents & POLLIN) != 0;
}

static void the_descriptor_tells_of_events(void) {
    int32_t fd = -1, again = -2;
    peers_t *node = start_timed("node", "memory:polling");
    CHECK_OK(peers_register(node, "early", "", 0, 0)); /* before there is a descriptor */
    CHECK_OK(peers_event_fd(node, &fd));
    CHECK_OK(peers_event_fd(node, &again));
    CHECK(fd == again);
    CHECK(is_readable(fd));
    CHECK_OK(peers_register(node, "late", "", 0, 0));
    check_event(node, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "early", "");
    CHECK(is_readable(fd));
    check_event(node, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "late", "");
    check_no_event(node);
    CHECK(!is_readable(fd));

    CHECK_OK(peers_advance(node, EXPIRY_MS));
    CHECK(is_readable(fd));
    check_event(node, PEERS_EVENT_LEFT, PEERS_LEFT_EXPIRED, "early", "");
    check_event(node, PEERS_EVENT_LEFT, PEERS_LEFT_EXPIRED, "late", "");
    CHECK(!is_readable(fd));

    /* A datagram that the node, which has no thread, has not looked at. */
    peers_t *other = start_timed("other", "memory:polling");
    CHECK(is_readable(fd));
    check_event(node, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "other", "");
    CHECK(!is_readable(fd));
    CHECK_OK(peers_free(other));
    CHECK_OK(peers_free(node));
}

static void a_reader_that_is_too_slow_resyncs_once(void) {
    peers_t *node = start_timed("node", "memory:resync");
    for (int i = 0; i <= QUEUE_LENGTH; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%d", i);
        CHECK_OK(peers_register(node, key, "", 0, 0));
    }
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, 0, &event));
    CHECK(event->kind == PEERS_EVENT_RESYNC);
    CHECK(event->reason == PEERS_LEFT_NONE);
    CHECK(event->peer == NULL);
    peers_event_free(event);
    /* From the one that found the queue full on, all is told again. */
    check_event(node, PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "key1024", "");
    check_no_event(node);
    CHECK(health_of(node).events_lost == QUEUE_LENGTH);
    CHECK(list_len(node) == QUEUE_LENGTH + 1);
    CHECK_OK(peers_free(node));
}

static void health_counts(void) {
    peers_config_t config = memory_config("node", "memory:health");
    config.max_peers = 1;
    peers_t *node = start(&config);
    peers_t *other = start_manual("other", "memory:health");
    peers_t *third = start_manual("third", "memory:health");
    CHECK_OK(peers_advance(node, 1000)); /* the questions of its start are over, its next announcement far off */

    peers_health_t health = health_of(node);
    CHECK(health.struct_size == sizeof health);
    /* It has room for one. */
    CHECK(health.state == PEERS_STATE_DEGRADED);
    CHECK(health.reason == PEERS_REASON_LIST_FULL);
    CHECK(strstr(health.detail, "10.0.0.3") != NULL);
    CHECK(health.interfaces == 1);
    CHECK(health.looped_back >= 2 && health.sent >= health.looped_back); /* answers to others do not come back */
    CHECK(health.received == health.looped_back + 4);            /* from each of two others a query and a legacy beacon */
    CHECK(health.peers == 1 && health.refused_full >= 1);
    CHECK(health.last_send_age_ms == 0 && health.last_receive_age_ms == 0);
    CHECK(health.send_errors + health.malformed + health.dropped + health.sockets_reopened + health.events_lost == 0);
    CHECK(health.other_cluster + health.stale + health.wrong_key == 0);

    CHECK_OK(peers_advance(node, 10));
    CHECK(health_of(node).last_send_age_ms == 10);
    CHECK_OK(peers_free(third));
    CHECK_OK(peers_free(other));
    CHECK_OK(peers_free(node));
}

static void a_note_leaves_the_state_at_running(void) {
    peers_t *node = start_manual("node", "memory:notes");
    peers_config_t config = memory_config("stranger", "memory:notes");
    config.cluster = "blue";
    peers_t *stranger = start(&config);
    for (int minutes = 0; minutes < 2; minutes++) {
        peers_health_t health = health_of(node);
        CHECK(health.state == PEERS_STATE_RUNNING && health.reason == PEERS_REASON_OTHER_CLUSTER);
        CHECK(strstr(health.detail, "\"blue\"") != NULL && strstr(health.detail, "10.0.0.2") != NULL);
        CHECK_OK(peers_advance(node, 60000));
    }
    peers_health_t health = health_of(node);
    CHECK(health.state == PEERS_STATE_RUNNING && health.reason == PEERS_REASON_NONE && health.detail[0] == '\0');
    CHECK_OK(peers_free(stranger));
    CHECK_OK(peers_free(node));
}

#define KEY_BYTES 32

/* A key whose bytes are all this one, after which another may follow. */
static const unsigned char *key_of(int first, int second) {
    static unsigned char keys[2 * KEY_BYTES];
    memset(keys, first, KEY_BYTES);
    memset(keys + KEY_BYTES, second, KEY_BYTES);
    return keys;
}

static peers_t *start_with_key(const char *name, int key) {
    peers_config_t config = memory_config(name, "memory:keys");
    config.interval_ms = INTERVAL_MS;
    config.expiry_ms = EXPIRY_MS;
    config.keys = key_of(key, key);
    config.keys_count = 1;
    return start(&config);
}

/* Lets each hear what the others say, a few times in turn: who has come is asked to prove itself first. */
static void let_them_talk(peers_t **nodes, size_t count) {
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < count; i++) list_len(nodes[i]);
    }
}

static void those_of_one_key_find_each_other_and_nobody_else(void) {
    peers_t *nodes[] = {
        start_with_key("kitchen", 1),
        start_with_key("garden", 1),
        start_with_key("stranger", 2),
        start_timed("open", "memory:keys"),
    };
    let_them_talk(nodes, 4);
    check_event(nodes[0], PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "garden", "");
    check_event(nodes[1], PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "kitchen", "");
    for (int i = 0; i < 4; i++) check_no_event(nodes[i]);
    CHECK(list_len(nodes[2]) == 0 && list_len(nodes[3]) == 0);
    CHECK(health_of(nodes[0]).wrong_key == 3); /* queries of the stranger and of the open one, a legacy beacon */
    CHECK(health_of(nodes[3]).wrong_key == 0); /* it spoke last */
    CHECK_OK(peers_advance(nodes[0], INTERVAL_MS));
    CHECK(health_of(nodes[3]).wrong_key > 0); /* sealed datagrams, to one without a key */
    for (int i = 3; i >= 0; i--) CHECK_OK(peers_free(nodes[i]));
}

static void keys_are_changed_without_an_outage(void) {
    peers_t *nodes[] = {start_with_key("kitchen", 1), start_with_key("garden", 1)};
    let_them_talk(nodes, 2);
    check_event(nodes[0], PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "garden", "");
    check_event(nodes[1], PEERS_EVENT_JOINED, PEERS_LEFT_NONE, "kitchen", "");

    static const struct {
        int first, second;
        size_t count;
    } rounds[] = {{1, 2, 2}, {2, 1, 2}, {2, 2, 1}};
    for (size_t round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            CHECK_OK(peers_set_keys(nodes[i], key_of(rounds[round].first, rounds[round].second), rounds[round].count));
            /* Each hears the other go on with the keys of the moment. */
            for (int j = 0; j < 2; j++) CHECK_OK(peers_advance(nodes[j], INTERVAL_MS));
            CHECK(list_len(nodes[0]) == 1 && list_len(nodes[1]) == 1);
            check_no_event(nodes[0]);
            check_no_event(nodes[1]);
        }
    }
    CHECK(health_of(nodes[0]).wrong_key + health_of(nodes[1]).wrong_key == 0);
    peers_t *late = start_with_key("late", 1);
    let_them_talk(nodes, 2);
    CHECK(list_len(late) == 0); /* the former key opens nothing any more */
    CHECK(health_of(nodes[0]).wrong_key > 0);
    CHECK_OK(peers_free(late));
    CHECK_OK(peers_free(nodes[1]));
    CHECK_OK(peers_free(nodes[0]));
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(version_and_texts),
        CASE(nodes_find_each_other),
        CASE(a_new_value_is_told_at_once_and_then_at_most_every_100_ms),
        CASE(a_freed_node_says_goodbye),
        CASE(nodes_of_one_name_are_two_peers),
        CASE(clusters_do_not_see_each_other),
        CASE(the_legacy_beacon_is_left_out_on_request_and_in_a_cluster),
        CASE(a_list_does_not_change),
        CASE(a_registration_is_replaced_and_expires),
        CASE(lists_are_ordered_by_name),
        CASE(the_descriptor_tells_of_events),
        CASE(a_reader_that_is_too_slow_resyncs_once),
        CASE(health_counts),
        CASE(a_note_leaves_the_state_at_running),
        CASE(those_of_one_key_find_each_other_and_nobody_else),
        CASE(keys_are_changed_without_an_outage),
    };
    return RUN_CASES(cases, count, arguments);
}
