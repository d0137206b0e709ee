/* Lists that are made of the last one, beside lists that are copied: under a long random run they say the same. */

#include <inttypes.h>

#include "check.h"

enum { STEPS = 4000, NODES = 12, KEYS = 60, HOUR_MS = 3600 * 1000 };

/* SplitMix64 (Steele, Lea and Flood 2014): the same run every time. */
static uint64_t below(uint64_t limit) {
    static uint64_t state = 1;
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

/* A node whose own announcements are so far apart that none comes in this run: what is kept for the next list goes with one. */
static peers_t *start_rare(const char *name) {
    peers_config_t config = memory_config(name, "memory:lists");
    config.interval_ms = HOUR_MS;
    config.expiry_ms = 3 * HOUR_MS;
    return start(&config);
}

static void check_same(const peers_list_t *left, const peers_list_t *right) {
    CHECK(left != right && left->len == right->len);
    for (size_t at = 0; at < left->len; at++) {
        const peers_peer_t *a = peers_list_at(left, at), *b = peers_list_at(right, at);
        CHECK(strcmp(a->name, b->name) == 0 && strcmp(a->address, b->address) == 0);
        CHECK(a->value_len == b->value_len && memcmp(a->value, b->value, a->value_len + 1) == 0);
        CHECK(a->age_ms == b->age_ms && a->expires_in_ms == b->expires_in_ms);
        CHECK(a->source == b->source && a->interface_index == b->interface_index && a->port == b->port);
        CHECK(memcmp(a->id, b->id, sizeof a->id) == 0);
        CHECK(at == 0 || strcmp(peers_list_at(left, at - 1)->name, a->name) <= 0);
    }
}

/* One of those around it comes, goes or tells another value; somebody registers; or time passes, and registrations run out. */
static void change(peers_t *observer, peers_t **others) {
    char name[32], value[64];
    size_t value_len = (size_t)below(sizeof value);
    memset(value, (int)('a' + below(26)), sizeof value);
    peers_t **other = &others[below(NODES)];
    switch (below(5)) {
    case 0:
        if (*other != NULL) {
            CHECK_OK(peers_free(*other));
            *other = NULL;
        } else {
            snprintf(name, sizeof name, "node-%02" PRIu64, below(NODES));
            *other = start_rare(name);
        }
        break;
    case 1:
        if (*other != NULL) CHECK_OK(peers_set_value(*other, value, value_len));
        break;
    case 2:
        CHECK_OK(peers_advance(observer, (uint32_t)below(20)));
        break;
    default:
        snprintf(name, sizeof name, "key-%02" PRIu64, below(KEYS));
        CHECK_OK(peers_register(observer, name, value, value_len, (uint32_t)(1 + below(1000))));
    }
}

int main(void) {
    peers_t *observer = start_rare("observer"), *others[NODES] = {NULL};
    peers_list_t *last = list_of(observer);
    int reused = 0;
    for (int step = 0; step < STEPS; step++) {
        uintptr_t place = (uintptr_t)last;
        peers_list_free(last);
        for (uint64_t changes = below(4); changes > 0; changes--) change(observer, others);
        peers_list_t *made = list_of(observer);
        reused += (uintptr_t)made == place;
        last = list_of(observer); /* while the other is held */
        check_same(made, last);
        peers_list_free(made);
    }
    /* Otherwise it was all for nothing. Where there is no room for more, a list is copied. */
    CHECK(reused > STEPS / 2);
    printf("%d of %d lists were made of the last one\n", reused, STEPS);
    peers_list_free(last);
    for (int at = 0; at < NODES; at++) {
        if (others[at] != NULL) CHECK_OK(peers_free(others[at]));
    }
    CHECK_OK(peers_free(observer));
    return 0;
}
