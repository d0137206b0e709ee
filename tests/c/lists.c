/* Lists under a long random run: each is in order, says the same as one taken beside it, and stays as it is. */

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

/* A node whose announcements are so far apart that few fall into this run. */
static peers_t *start_rare(const char *name) {
    peers_config_t config = memory_config(name, "memory:lists");
    config.interval_ms = HOUR_MS;
    config.expiry_ms = 3 * HOUR_MS;
    return start(&config);
}

/* The names of a list, then its values, as one hash (FNV-1a). */
static uint64_t hash_of(const peers_list_t *list) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t at = 0; at < list->len; at++) {
        const peers_peer_t *peer = peers_list_at(list, at);
        const unsigned char *texts[] = {(const unsigned char *)peer->name, peer->value};
        size_t lens[] = {strlen(peer->name) + 1, peer->value_len + 1};
        for (int text = 0; text < 2; text++) {
            for (size_t byte = 0; byte < lens[text]; byte++) {
                hash = (hash ^ texts[text][byte]) * UINT64_C(0x100000001b3);
            }
        }
    }
    return hash;
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

/* A node starts, stops or sets another value; an entry is registered; or time passes, and registrations expire. */
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
    size_t longest = 0;
    for (int step = 0; step < STEPS; step++) {
        peers_list_t *list = list_of(observer), *other = list_of(observer);
        check_same(list, other);
        peers_list_free(other);
        longest = list->len > longest ? list->len : longest;
        uint64_t hash = hash_of(list);
        for (uint64_t changes = below(4); changes > 0; changes--) change(observer, others);
        CHECK(hash_of(list) == hash);
        peers_list_free(list);
    }
    /* Otherwise the run shows nothing. */
    CHECK(longest > NODES);
    for (int at = 0; at < NODES; at++) {
        if (others[at] != NULL) CHECK_OK(peers_free(others[at]));
    }
    CHECK_OK(peers_free(observer));
    return 0;
}
