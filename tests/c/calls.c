/* Versions and waits, subscriptions, the own record, entries with addresses, and values in TXT format. */

#include "process.h"

#include <poll.h>

#define QUEUE_LENGTH 1024

static int is_readable(int32_t fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    CHECK(poll(&poll_fd, 1, 0) >= 0);
    return poll_fd.revents != 0;
}

/* The version now; the list has it, too. */
static uint64_t version_of(peers_t *node) {
    uint64_t version = 0;
    CHECK_OK(peers_wait(node, 0, -1, &version));
    peers_list_t *list = list_of(node);
    CHECK(list->version == version && version > 0);
    peers_list_free(list);
    return version;
}

static void check_no_change(peers_t *node, uint64_t version) {
    uint64_t now = 77;
    CHECK_FAILS(peers_wait(node, version, 0, &now), PEERS_ERR_TIMEOUT, "did not change");
    CHECK_STATUS(peers_wait(node, version, 1, &now), PEERS_ERR_TIMEOUT);
    CHECK(now == 77);
    CHECK(version_of(node) == version);
}

/* The version has risen, and a wait finds that at once. */
static uint64_t check_change(peers_t *node, uint64_t version) {
    uint64_t now = 0;
    CHECK_OK(peers_wait(node, version, -1, &now));
    CHECK(now > version && version_of(node) == now);
    return now;
}

static void a_version_rises_with_changes_alone(void) {
    peers_t *node = start_manual("node", "memory:versions");
    uint64_t version = version_of(node);
    CHECK(version == 1);
    check_no_change(node, version);

    CHECK_OK(peers_register(node, "lamp", "off", 3, 3000));
    version = check_change(node, version);
    CHECK_OK(peers_advance(node, 2000));
    CHECK_OK(peers_register(node, "lamp", "off", 3, 3000)); /* a renewal */
    check_no_change(node, version);
    CHECK_OK(peers_register(node, "lamp", "on", 2, 3000));
    version = check_change(node, version);
    peers_t *other = start_manual("other", "memory:versions");
    version = check_change(node, version);
    CHECK_OK(peers_advance(other, 15000)); /* it announces itself again */
    check_no_change(node, version);

    CHECK_OK(peers_advance(node, 2999));
    check_no_change(node, version);
    CHECK_OK(peers_advance(node, 1)); /* the deadline of the lamp */
    version = check_change(node, version);
    CHECK_OK(peers_free(other));
    version = check_change(node, version);
    check_no_change(node, version);
    CHECK_OK(peers_free(node));
}

/* A thread that waits for another version, or for an event of a subscription. */
typedef struct {
    pthread_t thread;
    peers_t *node;
    peers_subscription_t *subscription;
    uint64_t version;
    atomic_int tid;
    int32_t status;
} sleeper_t;

static void *run_sleeper(void *argument) {
    sleeper_t *sleeper = argument;
    peers_event_t *event = NULL;
    sleeper->tid = gettid();
    if (sleeper->subscription == NULL) {
        sleeper->status = peers_wait(sleeper->node, sleeper->version, -1, &sleeper->version);
    } else {
        sleeper->status = peers_subscription_next(sleeper->subscription, -1, &event);
        peers_event_free(event);
    }
    return NULL;
}

/* Returns when the thread waits. */
static void start_sleeper(sleeper_t *sleeper) {
    CHECK(pthread_create(&sleeper->thread, NULL, run_sleeper, sleeper) == 0);
    while (sleeper->tid == 0) sched_yield();
    char thread[16];
    snprintf(thread, sizeof thread, "%d", sleeper->tid);
    while (!is_asleep(thread, NULL)) sched_yield();
}

static int32_t join_sleeper(sleeper_t *sleeper) {
    CHECK(pthread_join(sleeper->thread, NULL) == 0);
    return sleeper->status;
}

static void a_wait_ends_when_another_thread_advances_the_clock(void) {
    peers_t *node = start_manual("node", "memory:advanced");
    CHECK_OK(peers_register(node, "lamp", "", 0, 3000));
    sleeper_t sleeper = {.node = node, .version = version_of(node)};
    start_sleeper(&sleeper);
    CHECK_OK(peers_advance(node, 3000));
    CHECK_OK(join_sleeper(&sleeper));
    CHECK(sleeper.version == version_of(node));
    CHECK(list_len(node) == 0);
    CHECK_OK(peers_free(node));
}

#define WAITERS 64
#define ENTRIES 200

/* Lists after each change until all entries are there. */
static void *see_all_entries(void *node) {
    uint64_t version = 0;
    for (size_t len = 0; len < ENTRIES;) {
        uint64_t now = 0;
        CHECK_OK(peers_wait(node, version, -1, &now));
        CHECK(now != version);
        peers_list_t *list = list_of(node);
        CHECK(list->version >= now);
        version = list->version;
        len = list->len;
        peers_list_free(list);
    }
    return NULL;
}

static void many_threads_wait_while_entries_change(void) {
    peers_config_t config = memory_config("node", "memory:waiters");
    config.flags = 0;
    peers_t *node = start(&config);
    pthread_t threads[WAITERS];
    for (int i = 0; i < WAITERS; i++) CHECK(pthread_create(&threads[i], NULL, see_all_entries, node) == 0);
    for (int i = 0; i < ENTRIES; i++) {
        char key[16];
        snprintf(key, sizeof key, "entry%d", i);
        CHECK_OK(peers_register(node, key, "", 0, 3600000)); /* on the slowest machine, too */
    }
    for (int i = 0; i < WAITERS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    /* They took no event. */
    peers_event_t *event = NULL;
    for (int i = 0; i < ENTRIES; i++) {
        CHECK_OK(peers_next_event(node, 0, &event));
        CHECK(event->kind == PEERS_EVENT_JOINED);
        peers_event_free(event);
    }
    CHECK_OK(peers_free(node));
}

static peers_subscription_t *subscribe(peers_t *node) {
    peers_subscription_t *subscription = NULL;
    CHECK_OK(peers_subscribe(node, &subscription));
    CHECK(subscription != NULL);
    return subscription;
}

static void freeing_the_node_ends_each_wait(void) {
    peers_t *node = start_manual("node", "memory:freed");
    peers_subscription_t *subscription = subscribe(node);
    sleeper_t sleepers[] = {{.node = node, .version = version_of(node)}, {.subscription = subscription}};
    for (int i = 0; i < 2; i++) start_sleeper(&sleepers[i]);
    CHECK_OK(peers_free(node));
    for (int i = 0; i < 2; i++) CHECK_STATUS(join_sleeper(&sleepers[i]), PEERS_ERR_STOPPED);

    /* The subscription outlives its node, to be freed. */
    peers_event_t *event = UNTOUCHED;
    int32_t fd = -77;
    CHECK_FAILS(peers_subscription_next(subscription, -1, &event), PEERS_ERR_STOPPED, "was stopped");
    CHECK_STATUS(peers_subscription_fd(subscription, &fd), PEERS_ERR_STOPPED);
    CHECK(event == UNTOUCHED && fd == -77);
    CHECK_OK(peers_subscription_free(subscription));
}

static void freeing_a_subscription_ends_its_wait(void) {
    peers_t *node = start_manual("node", "memory:unsubscribed");
    sleeper_t sleeper = {.subscription = subscribe(node)};
    start_sleeper(&sleeper);
    CHECK_OK(peers_subscription_free(sleeper.subscription));
    CHECK_STATUS(join_sleeper(&sleeper), PEERS_ERR_STOPPED);
    CHECK_STATUS(peers_subscription_free(sleeper.subscription), PEERS_ERR_HANDLE);
    CHECK(list_len(node) == 0);
    CHECK_OK(peers_free(node));
}

/* The next event of a reader: its kind, or 0 if none waits. */
static uint32_t next_kind(peers_t *node, peers_subscription_t *subscription) {
    peers_event_t *event = NULL;
    int32_t status = subscription == NULL ? peers_next_event(node, 0, &event)
                                          : peers_subscription_next(subscription, 0, &event);
    if (status == PEERS_ERR_TIMEOUT) return 0;
    CHECK_OK(status);
    uint32_t kind = event->kind;
    peers_event_free(event);
    return kind;
}

static void a_resync_of_one_reader_leaves_the_others_alone(void) {
    peers_t *node = start_manual("node", "memory:resync");
    peers_subscription_t *slow = subscribe(node), *quick = subscribe(node);
    for (int i = 0; i < QUEUE_LENGTH + 1; i++) {
        char key[16];
        snprintf(key, sizeof key, "entry%d", i);
        CHECK_OK(peers_register(node, key, "", 0, 0));
        CHECK(next_kind(node, quick) == PEERS_EVENT_JOINED);
        CHECK(next_kind(node, NULL) == PEERS_EVENT_JOINED);
    }
    CHECK(health_of(node).events_lost == QUEUE_LENGTH);
    CHECK(next_kind(node, slow) == PEERS_EVENT_RESYNC);
    CHECK(next_kind(node, slow) == PEERS_EVENT_JOINED);
    CHECK(next_kind(node, slow) == 0 && next_kind(node, quick) == 0 && next_kind(node, NULL) == 0);
    CHECK_OK(peers_subscription_free(slow));
    CHECK(health_of(node).events_lost == QUEUE_LENGTH);
    CHECK_OK(peers_subscription_free(quick));
    CHECK_OK(peers_free(node));
}

static void each_reader_gets_what_came_since_it_began(void) {
    peers_t *node = start_manual("node", "memory:readers");
    int32_t own_fd = -1, fd = -1, again = -1;
    CHECK_OK(peers_event_fd(node, &own_fd));
    CHECK_OK(peers_register(node, "before", "", 0, 0));
    peers_subscription_t *subscription = subscribe(node);
    CHECK_OK(peers_subscription_fd(subscription, &fd));
    CHECK_OK(peers_subscription_fd(subscription, &again));
    CHECK(fd == again && fd != own_fd);
    CHECK(is_readable(own_fd) && !is_readable(fd));
    CHECK_OK(peers_register(node, "after", "", 0, 0));
    CHECK(is_readable(own_fd) && is_readable(fd));
    CHECK(next_kind(NULL, subscription) == PEERS_EVENT_JOINED);
    CHECK(next_kind(NULL, subscription) == 0);
    CHECK(is_readable(own_fd) && !is_readable(fd));
    for (int i = 0; i < 2; i++) CHECK(next_kind(node, NULL) == PEERS_EVENT_JOINED);
    CHECK(!is_readable(own_fd));
    CHECK_OK(peers_subscription_free(subscription));
    CHECK_OK(peers_free(node));
}

static peers_subscription_t *parents_subscription;

static void in_a_child(peers_t *node, peers_t *unused) {
    (void)unused;
    peers_event_t *event = UNTOUCHED;
    int32_t fd = -77;
    check_every_call_fails(node, PEERS_ERR_FORKED, "parent");
    CHECK_FAILS(peers_subscription_next(parents_subscription, -1, &event), PEERS_ERR_FORKED, "parent");
    CHECK_FAILS(peers_subscription_fd(parents_subscription, &fd), PEERS_ERR_FORKED, "parent");
    CHECK(event == UNTOUCHED && fd == -77);
    CHECK_OK(peers_subscription_free(parents_subscription));
    CHECK_STATUS(peers_subscription_free(parents_subscription), PEERS_ERR_HANDLE);
    CHECK_OK(peers_free(node));
}

static void a_child_has_no_subscription_of_its_parent(void) {
    peers_config_t config = memory_config("node", "memory:forked");
    for (int i = 0; i < 2; i++) {
        config.flags = i == 0 ? PEERS_MANUAL_CLOCK : 0;
        peers_t *node = start(&config);
        sleeper_t sleeper = {.subscription = subscribe(node)}, waiter = {.node = node, .version = 1};
        parents_subscription = sleeper.subscription;
        start_sleeper(&sleeper);
        start_sleeper(&waiter);
        in_child(in_a_child, node, NULL);
        CHECK_OK(peers_register(node, "lamp", "", 0, 0));
        CHECK_OK(join_sleeper(&sleeper));
        CHECK_OK(join_sleeper(&waiter));
        CHECK_OK(peers_subscription_free(sleeper.subscription));
        CHECK_OK(peers_free(node));
    }
}

static void arguments_of_subscriptions(void) {
    peers_t *node = start_manual("node", "memory:arguments");
    peers_subscription_t *subscription = subscribe(node);
    peers_event_t *event = UNTOUCHED;
    peers_list_t *list = UNTOUCHED;
    int32_t fd = -77;
    CHECK_FAILS(peers_subscribe(node, NULL), PEERS_ERR_NULL, "subscription is NULL");
    CHECK_FAILS(peers_subscription_next(NULL, 0, &event), PEERS_ERR_NULL, "subscription is NULL");
    CHECK_FAILS(peers_subscription_next(subscription, 0, NULL), PEERS_ERR_NULL, "event is NULL");
    CHECK_FAILS(peers_subscription_fd(NULL, &fd), PEERS_ERR_NULL, "subscription is NULL");
    CHECK_FAILS(peers_subscription_fd(subscription, NULL), PEERS_ERR_NULL, "fd is NULL");
    CHECK_FAILS(peers_wait(node, 0, 0, NULL), PEERS_ERR_NULL, "now is NULL");
    CHECK_FAILS(peers_self(node, NULL), PEERS_ERR_NULL, "list is NULL");
    CHECK_FAILS(peers_unregister(node, NULL), PEERS_ERR_NULL, "key is NULL");
    CHECK_FAILS(peers_register_at(node, NULL), PEERS_ERR_NULL, "entry is NULL");
    CHECK_OK(peers_subscription_free(NULL));
    /* A handle of another kind, and a made-up one. */
    CHECK_FAILS(peers_subscription_next((void *)node, 0, &event), PEERS_ERR_HANDLE, "no live subscription");
    CHECK_FAILS(peers_list((void *)subscription, &list), PEERS_ERR_HANDLE, "no live node");
    CHECK_FAILS(peers_subscription_free((void *)0xdeadbeef), PEERS_ERR_HANDLE, "no live subscription");
    CHECK(event == UNTOUCHED && list == UNTOUCHED && fd == -77);
    CHECK_OK(peers_subscription_free(subscription));
    CHECK_OK(peers_free(node));
}

static void the_own_record_is_what_others_list(void) {
    peers_config_t config = memory_config("kitchen", "memory:self");
    config.value = "warm";
    config.value_len = 4;
    config.service_port = 8080;
    peers_t *kitchen = start(&config), *garden = start_manual("garden", "memory:self");
    CHECK(list_len(kitchen) == 1); /* it answers the query of the garden */
    peers_list_t *own = NULL, *listed = list_of(garden);
    CHECK_OK(peers_self(kitchen, &own));
    CHECK(own->len == 1 && own->version == 0 && listed->len == 1);
    const peers_peer_t *record = peers_list_at(own, 0), *peer = peers_list_at(listed, 0);
    CHECK(strcmp(record->name, "kitchen") == 0 && strcmp(record->value, "warm") == 0 && record->port == 8080);
    CHECK(memcmp(record->id, peer->id, sizeof peer->id) == 0);
    CHECK(record->source == PEERS_SOURCE_SELF);
    CHECK(strcmp(record->address, peer->address) == 0);
    CHECK(record->addresses_len == 1 && record->addresses_validated == 1);
    CHECK(peer->addresses_len == 1 && peer->addresses_validated == 1);
    CHECK(strcmp(peer->addresses[0], peer->address) == 0);
    peers_list_free(listed);
    CHECK_OK(peers_free(kitchen));
    CHECK(strcmp(record->name, "kitchen") == 0); /* it outlives the node */
    peers_list_free(own);
    CHECK_OK(peers_free(garden));
}

static void a_memory_network_is_one_interface_in_use(void) {
    peers_t *node = start_manual("node", "memory:interfaces");
    peers_interfaces_t *all = NULL;
    CHECK_FAILS(peers_interfaces(node, NULL), PEERS_ERR_NULL, "interfaces is NULL");
    CHECK_OK(peers_interfaces(node, &all));
    CHECK(all->len == 1 && peers_interfaces_at(all, 1) == NULL && peers_interfaces_at(NULL, 0) == NULL);
    CHECK_OK(peers_free(node));
    const peers_interface_t *one = peers_interfaces_at(all, 0); /* it outlives the node */
    CHECK(strcmp(one->name, "memory:interfaces") == 0 && one->family == 4 && one->usage == PEERS_INTERFACE_USED);
    CHECK(strcmp(one->why, "") == 0 && strcmp(one->last_error, "") == 0 && one->sent == 0 && one->received == 0);
    peers_interfaces_free(all);
    peers_interfaces_free(NULL);
}

static void an_entry_has_an_address_and_a_port_until_it_is_unregistered(void) {
    peers_t *node = start_manual("node", "memory:entries");
    peers_entry_t entry = PEERS_ENTRY_INIT;
    CHECK_FAILS(peers_register_at(node, &entry), PEERS_ERR_NULL, "key is NULL");
    entry.key = "lamp";
    entry.value = "on";
    entry.value_len = 2;
    entry.address = "fe80::7%1";
    entry.port = 80;
    entry.ttl_ms = 5000;
    CHECK_OK(peers_register_at(node, &entry));
    peers_list_t *list = list_of(node);
    const peers_peer_t *lamp = peers_list_at(list, 0);
    CHECK(strcmp(lamp->name, "lamp") == 0 && strcmp(lamp->value, "on") == 0);
    CHECK(strncmp(lamp->address, "fe80::7%", 8) == 0 && lamp->interface_index == 1 && lamp->port == 80);
    CHECK(lamp->expires_in_ms == 5000 && lamp->source == PEERS_SOURCE_REGISTERED);
    CHECK(lamp->addresses_len == 1 && strcmp(lamp->addresses[0], lamp->address) == 0);
    entry.address = lamp->address; /* a listed address is an input as well */
    CHECK_OK(peers_register_at(node, &entry));
    peers_list_free(list);

    entry.address = "lamp.local";
    CHECK_FAILS(peers_register_at(node, &entry), PEERS_ERR_INVALID, "address \"lamp.local\" is not an IP address");
    entry.address = "fe80::7%nosuch7";
    CHECK_FAILS(peers_register_at(node, &entry), PEERS_ERR_INTERFACE, "no interface \"nosuch7\"");
    entry.address = NULL;
    entry.port = 65536;
    CHECK_FAILS(peers_register_at(node, &entry), PEERS_ERR_INVALID, "port is 65536");
    entry.port = 0;
    entry.struct_size = 3;
    CHECK_FAILS(peers_register_at(node, &entry), PEERS_ERR_SIZE, "struct_size is 3");

    CHECK_FAILS(peers_unregister(node, "garden"), PEERS_ERR_NOT_FOUND, "no entry of the key \"garden\"");
    CHECK_OK(peers_unregister(node, "lamp"));
    CHECK_STATUS(peers_unregister(node, "lamp"), PEERS_ERR_NOT_FOUND);
    CHECK(next_kind(node, NULL) == PEERS_EVENT_JOINED);
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, 0, &event));
    CHECK(event->kind == PEERS_EVENT_LEFT && event->reason == PEERS_LEFT_UNREGISTERED);
    CHECK(strcmp(event->peer->name, "lamp") == 0);
    peers_event_free(event);
    CHECK(list_len(node) == 0);
    CHECK_OK(peers_free(node));
}

static void values_in_txt_format(void) {
    unsigned char txt[32];
    size_t len = 0, value_len = 77;
    const void *value = UNTOUCHED;
    CHECK_OK(peers_txt_put(txt, sizeof txt, &len, "role", "a", 1));
    CHECK_OK(peers_txt_put(txt, sizeof txt, &len, "empty", "", 0));
    CHECK_OK(peers_txt_put(txt, sizeof txt, &len, "alone", NULL, 0));
    CHECK_OK(peers_txt_put(txt, sizeof txt, &len, "ROLE", "bc", 2));
    CHECK(len == 21 && memcmp(txt, "\x06" "empty=\x05" "alone\x07" "ROLE=bc", len) == 0);
    CHECK_FAILS(peers_txt_put(txt, sizeof txt, &len, "more", "1234567", 7), PEERS_ERR_TOO_LARGE, "32 bytes");
    CHECK(len == 21);
    CHECK_FAILS(peers_txt_get(txt, len, "none", &value, &value_len), PEERS_ERR_NOT_FOUND, "none");
    CHECK_FAILS(peers_txt_get(txt, len - 1, "role", &value, &value_len), PEERS_ERR_INVALID, "TXT format");
    CHECK_FAILS(peers_txt_get(txt, len, "a=b", &value, &value_len), PEERS_ERR_INVALID, "a=b");
    CHECK_FAILS(peers_txt_get(NULL, 1, "role", &value, &value_len), PEERS_ERR_NULL, "txt is NULL");
    CHECK_FAILS(peers_txt_get(txt, len, NULL, &value, &value_len), PEERS_ERR_NULL, "key is NULL");
    CHECK(value == UNTOUCHED && value_len == 77);
    CHECK_OK(peers_txt_get(txt, len, "Role", &value, &value_len));
    CHECK(value == txt + 19 && value_len == 2);
    CHECK_OK(peers_txt_get(txt, len, "empty", &value, &value_len));
    CHECK(value != NULL && value_len == 0);
    CHECK_OK(peers_txt_get(txt, len, "alone", &value, &value_len));
    CHECK(value == NULL && value_len == 0);
}

static void *last_error_of_a_thread(void *unused) {
    (void)unused;
    CHECK(peers_last_error()[0] == '\0');
    CHECK_STATUS(peers_list(NULL, NULL), PEERS_ERR_NULL);
    return (void *)peers_last_error();
}

static void the_text_of_an_error_stays_in_its_place(void) {
    const char *place = peers_last_error();
    peers_t *node = start_manual("node", "memory:errors");
    char key[1001];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    CHECK_FAILS(peers_unregister(node, key), PEERS_ERR_NOT_FOUND, "no entry of the key \"kkk");
    CHECK(peers_last_error() == place && strstr(place, "(1000 bytes)") != NULL);
    CHECK_FAILS(peers_unregister(node, "k"), PEERS_ERR_NOT_FOUND, "the key \"k\" is registered");
    CHECK(peers_last_error() == place);
    pthread_t thread;
    void *other_place = NULL;
    CHECK(pthread_create(&thread, NULL, last_error_of_a_thread, NULL) == 0);
    CHECK(pthread_join(thread, &other_place) == 0);
    CHECK(other_place != place);
    CHECK(strstr(place, "the key \"k\"") != NULL);
    CHECK_OK(peers_free(node));
}

static void an_observer_lists_and_is_not_listed(void) {
    peers_t *node = start_manual("node", "memory:observer");
    peers_config_t config = memory_config("observer", "memory:observer");
    config.flags |= PEERS_OBSERVER;
    peers_t *observer = start(&config);
    CHECK(list_len(node) == 0); /* it answers the query of the observer */
    CHECK(list_len(observer) == 1);
    peers_t *late = start_manual("late", "memory:observer");
    CHECK(list_len(observer) == 2 && list_len(node) == 1);
    CHECK(list_len(late) == 1);
    CHECK_OK(peers_set_value(observer, "unheard", 7));
    CHECK_OK(peers_advance(observer, 15000));
    CHECK_OK(peers_free(observer));
    for (int i = 0; i < 2; i++) CHECK(next_kind(node, NULL) == (i == 0 ? PEERS_EVENT_JOINED : 0));
    CHECK_OK(peers_free(late));
    CHECK_OK(peers_free(node));
}

static void a_cluster_by_swim_has_no_observers(void) {
    peers_t *node = UNTOUCHED;
    peers_config_t config = memory_config("node", "memory:observer");
    config.flags |= PEERS_OBSERVER;
    config.mode = PEERS_MODE_SWIM;
    int32_t status = peers_start(&config, &node);
    /* A library without SWIM does not know the mode. */
    CHECK(status == PEERS_ERR_INVALID || status == PEERS_ERR_UNSUPPORTED);
    CHECK(strstr(peers_last_error(), status == PEERS_ERR_INVALID ? "observer" : "PEERS_MODE_SWIM") != NULL);
    CHECK(node == UNTOUCHED);
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(a_version_rises_with_changes_alone),
        CASE(a_wait_ends_when_another_thread_advances_the_clock),
        CASE(many_threads_wait_while_entries_change),
        CASE(freeing_the_node_ends_each_wait),
        CASE(freeing_a_subscription_ends_its_wait),
        CASE(a_resync_of_one_reader_leaves_the_others_alone),
        CASE(each_reader_gets_what_came_since_it_began),
        CASE(a_child_has_no_subscription_of_its_parent),
        CASE(arguments_of_subscriptions),
        CASE(the_own_record_is_what_others_list),
        CASE(a_memory_network_is_one_interface_in_use),
        CASE(an_entry_has_an_address_and_a_port_until_it_is_unregistered),
        CASE(values_in_txt_format),
        CASE(the_text_of_an_error_stays_in_its_place),
        CASE(an_observer_lists_and_is_not_listed),
        CASE(a_cluster_by_swim_has_no_observers),
    };
    return RUN_CASES(cases, count, arguments);
}
