/* Seeds: nodes without multicast, each of which knows where to ask, on a network in memory. */

#include "check.h"

/* A node on the network of this name; the first there has the first address. */
static peers_t *start_in(const char *name, const char *network, uint32_t mode, const char *seeds) {
    peers_config_t config = memory_config(name, network);
    config.mode = mode;
    config.seeds = seeds;
    return start(&config);
}

static uint32_t source_of_first(peers_t *node) {
    peers_list_t *list = NULL;
    CHECK_OK(peers_list(node, &list));
    CHECK(list->len > 0);
    uint32_t source = peers_list_at(list, 0)->source;
    peers_list_free(list);
    return source;
}

static void two_find_each_other_by_one_seed(void) {
    peers_t *first = start_in("first", "memory:seeds", PEERS_MODE_SEEDS, NULL);
    peers_t *deaf = start_in("deaf", "memory:seeds", PEERS_MODE_MULTICAST, NULL);
    peers_t *second = start_in("second", "memory:seeds", PEERS_MODE_SEEDS, "10.0.0.1:49153, 10.9.9.9:1");
    CHECK(list_len(first) == 1 && list_len(second) == 1 && list_len(deaf) == 0);
    CHECK(source_of_first(first) == PEERS_SOURCE_UNICAST && source_of_first(second) == PEERS_SOURCE_UNICAST);

    for (int interval = 0; interval < 10; interval++) {
        CHECK_OK(peers_advance(first, 15000));
        CHECK_OK(peers_advance(second, 15000));
        CHECK(list_len(first) == 1 && list_len(second) == 1);
    }
    CHECK_OK(peers_free(second));
    CHECK(list_len(first) == 0); /* it said goodbye */
    CHECK_OK(peers_free(first));
    CHECK_OK(peers_free(deaf));
}

static void seeds_are_replaced_while_a_node_runs(void) {
    peers_t *first = start_in("first", "memory:replaced", PEERS_MODE_SEEDS, NULL);
    peers_t *second = start_in("second", "memory:replaced", PEERS_MODE_SEEDS, NULL);
    CHECK(list_len(first) == 0 && list_len(second) == 0);
    CHECK_OK(peers_set_seeds(first, "10.0.0.2:49154"));
    CHECK(list_len(second) == 1 && list_len(first) == 1); /* it answers when it is run */

    CHECK_FAILS(peers_set_seeds(first, "nowhere"), PEERS_ERR_INVALID, "the seed \"nowhere\" has no port");
    CHECK_FAILS(peers_set_seeds(first, "peers.example:1"), PEERS_ERR_INVALID, "does not resolve");
    CHECK_FAILS(peers_set_seeds(first, "\xc0:1"), PEERS_ERR_UTF8, "seeds is not valid UTF-8");
    CHECK_OK(peers_set_seeds(first, NULL));
    CHECK_OK(peers_set_seeds(first, ""));
    CHECK_OK(peers_advance(second, 35000));
    CHECK(list_len(second) == 0); /* it is told nothing any more */
    CHECK_OK(peers_free(first));
    CHECK_OK(peers_free(second));
}

static void a_node_without_seeds_takes_none(void) {
    peers_t *node = start_manual("node", "memory:none");
    CHECK_FAILS(peers_set_seeds(node, "10.0.0.2:49154"), PEERS_ERR_INVALID, "was started without seeds");
    CHECK_OK(peers_free(node));
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(two_find_each_other_by_one_seed),
        CASE(seeds_are_replaced_while_a_node_runs),
        CASE(a_node_without_seeds_takes_none),
    };
    return RUN_CASES(cases, count, arguments);
}
