/* Wrong input of every kind: each gives its own status, words that name the value, and no output. */

#include "check.h"
#include "sockets.h"

#include <stdint.h>

#define NETWORK "memory:bad-input"

static peers_config_t valid_config(void) { return memory_config("node", NETWORK); }

/* Starting with this configuration fails, and writes no handle. The message begins with the call, and has these words. */
static void check_refused(const peers_config_t *config, int32_t status, const char *words) {
    peers_t *node = UNTOUCHED;
    CHECK_FAILS(peers_start(config, &node), status, words);
    CHECK(node == UNTOUCHED);
    static const char call[] = "peers_start: ";
    if (strncmp(peers_last_error(), call, sizeof call - 1) != 0) FAIL("the call is not named");
}

static void check_accepted(const peers_config_t *config) { CHECK_OK(peers_free(start(config))); }

static void null_pointers(void) {
    peers_config_t config = valid_config();
    CHECK_FAILS(peers_start(&config, NULL), PEERS_ERR_NULL, "node is NULL");

    check_every_call_fails(NULL, PEERS_ERR_NULL, "node is NULL");
    CHECK_OK(peers_free(NULL));
    peers_list_free(NULL);
    peers_event_free(NULL);
    CHECK(peers_list_at(NULL, 0) == NULL);

    peers_t *node = start(&config);
    CHECK_FAILS(peers_list(node, NULL), PEERS_ERR_NULL, "list is NULL");
    CHECK_FAILS(peers_next_event(node, 0, NULL), PEERS_ERR_NULL, "event is NULL");
    CHECK_FAILS(peers_event_fd(node, NULL), PEERS_ERR_NULL, "fd is NULL");
    CHECK_FAILS(peers_health(node, NULL), PEERS_ERR_NULL, "health is NULL");
    CHECK_FAILS(peers_register(node, NULL, "", 0, 0), PEERS_ERR_NULL, "key is NULL");
    CHECK_FAILS(peers_register(node, "key", NULL, 3, 0), PEERS_ERR_NULL, "value is NULL, but its length is 3");
    CHECK_FAILS(peers_set_value(node, NULL, 3), PEERS_ERR_NULL, "value is NULL, but its length is 3");
    CHECK_OK(peers_register(node, "key", NULL, 0, 0));
    CHECK_OK(peers_set_value(node, NULL, 0));
    CHECK_OK(peers_free(node));
}

static void check_dead(peers_t *handle) {
    check_every_call_fails(handle, PEERS_ERR_HANDLE, "no live node");
    CHECK_FAILS(peers_free(handle), PEERS_ERR_HANDLE, "no live node");
}

static void refuse_made_up_handles(void) {
    int local = 0;
    check_dead((peers_t *)0x1);
    check_dead((peers_t *)0xdeadbeef);
    check_dead((peers_t *)UINTPTR_MAX);
    check_dead((peers_t *)&local);
}

static void freed_handle(void) {
    peers_t *freed = start_manual("freed", NETWORK);
    CHECK_OK(peers_free(freed));
    check_dead(freed);

    /* The newcomer may sit in the place of the freed one, and must not be reached by its handle. */
    peers_t *newcomer = start_manual("newcomer", NETWORK);
    CHECK(newcomer != freed);
    check_dead(freed);
    CHECK(list_len(newcomer) == 0);
    CHECK_OK(peers_free(newcomer));
}

/* A configuration as a later version of the header might have it. */
typedef struct {
    peers_config_t known;
    unsigned char tail[24];
} longer_config_t;

static void config_sizes(void) {
    static const struct {
        size_t size;
        const char *words;
    } wrong[] = {
        {0, "struct_size is 0: begin with PEERS_CONFIG_INIT"},
        {4, "struct_size is 4: it ends inside a field"},
        {offsetof(peers_config_t, network) + 4, "it ends inside a field"},
        {offsetof(peers_config_t, port) + 1, "it ends inside a field"},
        {4097, "struct_size is 4097"},
        {SIZE_MAX, "begin with PEERS_CONFIG_INIT"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        peers_config_t config = valid_config();
        config.struct_size = wrong[i].size;
        check_refused(&config, PEERS_ERR_SIZE, wrong[i].words);
    }

    /* A shorter one: what lies behind its end is not read, however wrong. */
    peers_config_t older = valid_config();
    older.struct_size = offsetof(peers_config_t, interval_ms);
    older.interval_ms = UINT32_MAX;
    older.flags = UINT32_MAX;
    check_accepted(&older);

    longer_config_t newer;
    memset(&newer, 0, sizeof newer);
    newer.known = valid_config();
    newer.known.struct_size = sizeof newer;
    check_accepted(&newer.known);
    newer.tail[sizeof newer.tail - 1] = 1;
    check_refused(&newer.known, PEERS_ERR_SIZE, "does not know");
}

static void names(void) {
    static char longest[100001];
    peers_config_t config = valid_config();
    config.name = longest;

    check_refused(&config, PEERS_ERR_INVALID, "empty");
    memset(longest, 'n', 1);
    check_accepted(&config);
    memset(longest, 'n', 255);
    check_accepted(&config);
    memset(longest, 'n', 256);
    check_refused(&config, PEERS_ERR_TOO_LARGE, "(256 bytes) is too long; it has at most 255");
    memset(longest, 'n', 100000);
    check_refused(&config, PEERS_ERR_TOO_LARGE, "(100000 bytes) is too long");

    config.name = "a\tb";
    check_refused(&config, PEERS_ERR_INVALID, "control character");
    config.name = "abc\xff";
    check_refused(&config, PEERS_ERR_UTF8, "name is not valid UTF-8: the byte at index 3");

    config = valid_config();
    config.cluster = "";
    check_accepted(&config);
    config.cluster = longest;
    memset(longest, 'c', sizeof longest);
    longest[255] = '\0';
    check_accepted(&config);
    longest[255] = 'c';
    longest[256] = '\0';
    check_refused(&config, PEERS_ERR_TOO_LARGE, "(256 bytes) is too long");
    config.cluster = "a\tb";
    check_refused(&config, PEERS_ERR_INVALID, "the cluster \"a\\tb\" has a control character");
    config.cluster = "abc\xff";
    check_refused(&config, PEERS_ERR_UTF8, "cluster is not valid UTF-8: the byte at index 3");
}

/* What the manual says there is room for, and what there is not. */
static void check_room(const char *name, const char *cluster) {
    static char bytes[1200];
    peers_config_t config = valid_config();
    config.name = name;
    config.cluster = cluster;
    config.value = bytes;
    config.value_len = 1050 - strlen(name) - strlen(cluster);
    peers_t *node = start(&config);
    CHECK_OK(peers_set_value(node, bytes, config.value_len));
    CHECK_FAILS(peers_set_value(node, bytes, sizeof bytes), PEERS_ERR_TOO_LARGE, "the value has 1200 bytes");
    unsigned room = 0;
    CHECK(sscanf(strstr(peers_last_error(), "room for "), "room for %u", &room) == 1);
    CHECK(room >= config.value_len && room < sizeof bytes);

    /* That much and no more, at both calls. */
    CHECK_OK(peers_set_value(node, bytes, room));
    char words[64];
    snprintf(words, sizeof words, "the value has %u bytes; beside", room + 1);
    CHECK_FAILS(peers_set_value(node, bytes, room + 1), PEERS_ERR_TOO_LARGE, words);
    CHECK_FAILS(peers_set_value(node, bytes, SIZE_MAX), PEERS_ERR_TOO_LARGE, "bytes, more than memory can hold");
    CHECK_OK(peers_free(node));
    config.value_len = room;
    check_accepted(&config);
    config.value_len = room + 1;
    check_refused(&config, PEERS_ERR_TOO_LARGE, words);
}

static void values(void) {
    static char longest[256];
    memset(longest, 'n', 255);
    check_room("n", "");
    check_room("node", "cluster");
    check_room(longest, "");
    check_room(longest, longest);

    peers_config_t config = valid_config();
    config.value_len = 1;
    check_refused(&config, PEERS_ERR_NULL, "value is NULL, but its length is 1");
    config.value = "";
    config.value_len = SIZE_MAX;
    check_refused(&config, PEERS_ERR_TOO_LARGE, "bytes, more than memory can hold");
    config.value_len = 0;
    check_refused(&config, PEERS_ERR_INVALID, "value is set, but value_len is 0");
    config.value = NULL;
    check_accepted(&config);
}

/* Starts with one field set, and everything else valid. */
#define CHECK_FIELD(field, field_value, status, words)                                        \
    do {                                                                                      \
        peers_config_t config_ = valid_config();                                              \
        config_.field = (field_value);                                                        \
        check_refused(&config_, status, words);                                               \
    } while (0)

static void log_nothing(int32_t level, const char *message, void *context) {
    (void)level, (void)message, (void)context;
}

static void fields(void) {
    peers_config_t config = valid_config();
    config.interval_ms = 0;
    check_accepted(&config);

    CHECK_FIELD(interval_ms, UINT32_MAX, PEERS_ERR_INVALID, "4294967295 ms");
    CHECK_FIELD(interval_ms, 9, PEERS_ERR_INVALID, "the interval is 9 ms");
    CHECK_FIELD(expiry_ms, 15000, PEERS_ERR_INVALID, "longer than the interval of 15000 ms");
    CHECK_FIELD(expiry_ms, 500, PEERS_ERR_INVALID, "the expiry is 500 ms");
    CHECK_FIELD(expiry_ms, UINT32_MAX, PEERS_ERR_INVALID, "4294967295 ms");
    CHECK_FIELD(entries_max_bytes, 1, PEERS_ERR_INVALID, "entries_max_bytes is 1; it is 65536 or more");
    CHECK_FIELD(hops, 256, PEERS_ERR_INVALID, "hops is 256");
    CHECK_FIELD(port, 65536, PEERS_ERR_INVALID, "port is 65536");
    CHECK_FIELD(group_v4, "not-an-address", PEERS_ERR_INVALID, "group_v4 \"not-an-address\"");
    CHECK_FIELD(group_v4, "192.0.2.1", PEERS_ERR_INVALID, "group_v4 is 192.0.2.1, which is no multicast address; it is 224.0.0.0 to");
    CHECK_FIELD(group_v4, "\xc0", PEERS_ERR_UTF8, "group_v4 is not valid UTF-8");
    CHECK_FIELD(network, "nowhere", PEERS_ERR_INVALID, "network \"nowhere\"");
    CHECK_FIELD(network, "memory:", PEERS_ERR_INVALID, "network \"memory:\"");
    CHECK_FIELD(network, "\xc0", PEERS_ERR_UTF8, "network is not valid UTF-8");
    CHECK_FIELD(network, NULL, PEERS_ERR_INVALID, "a manual clock needs a memory network; set network to");
    CHECK_FIELD(interfaces, "\xc0", PEERS_ERR_UTF8, "interfaces is not valid UTF-8");
    CHECK_FIELD(group_v6, "239.2.3.4", PEERS_ERR_INVALID, "group_v6 \"239.2.3.4\" is not an IPv6 address");
    CHECK_FIELD(group_v6, "2001:db8::1", PEERS_ERR_INVALID, "group_v6 is 2001:db8::1, which is no multicast address; it begins with ff");
    CHECK_FIELD(group_v6, "\xc0", PEERS_ERR_UTF8, "group_v6 is not valid UTF-8");
    CHECK_FIELD(service_port, 65536, PEERS_ERR_INVALID, "service_port is 65536; it is 1 to 65535");

    CHECK_FIELD(seeds, "192.0.2.1", PEERS_ERR_INVALID, "the seed \"192.0.2.1\" has no port");
    CHECK_FIELD(seeds, "192.0.2.1:0", PEERS_ERR_INVALID, "has no port from 1 to 65535");
    CHECK_FIELD(seeds, "a:1,,b:2", PEERS_ERR_INVALID, "the seed \"\"");
    CHECK_FIELD(seeds, "2001:db8::1:49002", PEERS_ERR_INVALID, "without brackets");
    CHECK_FIELD(seeds, "peers.example:49002", PEERS_ERR_INVALID, "which a node with a manual clock does not resolve");
    CHECK_FIELD(seeds, "\xc0", PEERS_ERR_UTF8, "seeds is not valid UTF-8");
    CHECK_FIELD(seeds, "0.0.0.0:5", PEERS_ERR_INVALID, "the seed \"0.0.0.0:5\" has the unspecified address");
    CHECK_FIELD(seeds, "255.255.255.255:5", PEERS_ERR_INVALID, "has the broadcast address");
    CHECK_FIELD(seeds, "239.2.3.4:5", PEERS_ERR_INVALID, "has a multicast address");
    CHECK_FIELD(seeds, "[ff02::1]:5", PEERS_ERR_INVALID, "has a multicast address");
    CHECK_FIELD(seeds, "[fe80::1]:5", PEERS_ERR_INVALID, "has a link-local address without a zone; write [fe80::1%eth0]");
    CHECK_FIELD(seeds, "1.2.3.4:+5", PEERS_ERR_INVALID, "has no port from 1 to 65535");
    CHECK_FIELD(seeds, "[::ffff:10.0.0.1]:5", PEERS_ERR_INVALID, "write 10.0.0.1");
    CHECK_FIELD(seeds, "a b:5", PEERS_ERR_INVALID, "has ' ' in its host");
    CHECK_FIELD(seeds, "http://a:5", PEERS_ERR_INVALID, "is a URL; it is host:port");
    CHECK_FIELD(mode, 8, PEERS_ERR_UNSUPPORTED, "mode is 0x8, which is not known");
    CHECK_FIELD(mode, PEERS_MODE_SWIM | PEERS_MODE_SEEDS, PEERS_ERR_UNSUPPORTED, "mode is 0x6");
    CHECK_FIELD(unicast_port, 65536, PEERS_ERR_INVALID, "unicast_port is 65536; it is 1 to 65535");
    CHECK_FIELD(unicast_port, 49001, PEERS_ERR_INVALID, "unicast_port is 49001, the port of the groups");
    CHECK_FIELD(log_level, PEERS_LOG_DEBUG + 1, PEERS_ERR_INVALID, "log_level is 5; it is PEERS_LOG_ERROR (1)");
    CHECK_FIELD(log_level, UINT32_MAX, PEERS_ERR_INVALID, "log_level is 4294967295");

    config = valid_config();
    config.group_v6 = "ff02::1";
    config.service_port = 65535;
    check_accepted(&config);

    config = valid_config(); /* without a function they are not used */
    config.log_context = &config;
    config.log_level = PEERS_LOG_DEBUG;
    check_accepted(&config);
    config.log = log_nothing;
    config.log_context = NULL;
    check_accepted(&config);
}

static void keys(void) {
    CHECK_FIELD(keys_count, 1, PEERS_ERR_NULL, "keys is NULL, but keys_count is 1");
    CHECK_FIELD(keys, some_keys_, PEERS_ERR_INVALID, "keys is set, but keys_count is 0");
    peers_config_t config = valid_config();
    config.keys = some_keys_;
    config.keys_count = 9;
    check_refused(&config, PEERS_ERR_INVALID, "9 keys are given; a node holds at most 8");
    config.keys_count = SIZE_MAX;
    check_refused(&config, PEERS_ERR_INVALID, "a node holds at most 8");
    config.keys_count = 8;

    peers_t *node = start(&config);
    CHECK_OK(peers_set_keys(node, some_keys_, 8));
    CHECK_FAILS(peers_set_keys(node, NULL, 0), PEERS_ERR_INVALID, "no key is given");
    CHECK_FAILS(peers_set_keys(node, NULL, 1), PEERS_ERR_NULL, "keys is NULL, but keys_count is 1");
    CHECK_FAILS(peers_set_keys(node, some_keys_, 0), PEERS_ERR_INVALID, "keys is set, but keys_count is 0");
    CHECK_FAILS(peers_set_keys(node, some_keys_, 9), PEERS_ERR_INVALID, "9 keys are given");
    CHECK_OK(peers_free(node));

    node = start_manual("open", NETWORK);
    CHECK_FAILS(peers_set_keys(node, some_keys_, 1), PEERS_ERR_INVALID, "was started without keys");
    CHECK_OK(peers_free(node));
}

static void flags(void) {
    CHECK_FIELD(flags, 0x80, PEERS_ERR_UNSUPPORTED, "flags is 0x80, of which 0x80 is not known");
    CHECK_FIELD(flags, 0x21, PEERS_ERR_UNSUPPORTED, "flags is 0x21, of which 0x20 is not known");
    CHECK_FIELD(flags, 0x20, PEERS_ERR_UNSUPPORTED,
                "there are PEERS_MANUAL_CLOCK (0x1), PEERS_NO_IPV4 (0x2), PEERS_NO_IPV6 (0x4), PEERS_NO_LEGACY (0x8), "
                "PEERS_OBSERVER (0x10)");

    static const uint32_t right[] = {PEERS_NO_IPV4, PEERS_NO_IPV6, PEERS_NO_LEGACY, PEERS_NO_IPV6 | PEERS_NO_LEGACY};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        peers_config_t config = valid_config();
        config.flags |= right[i];
        check_accepted(&config);
    }
    /* The group of a family that is off is not used, however wrong. */
    peers_config_t unused = valid_config();
    unused.flags |= PEERS_NO_IPV4;
    unused.group_v4 = "192.0.2.1";
    check_accepted(&unused);
    unused = valid_config();
    unused.flags |= PEERS_NO_IPV6;
    unused.group_v6 = "2001:db8::1";
    check_accepted(&unused);

    /* On the local network; one in memory has no IP that could be turned off. */
    peers_config_t config = PEERS_CONFIG_INIT;
    config.flags = PEERS_NO_IPV4 | PEERS_NO_IPV6;
    check_refused(&config, PEERS_ERR_INVALID, "IPv4 and IPv6 are both turned off; leave one on");
}

static void what_the_system_does_not_have(void) {
    int holder = (int)socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(hold_alone(holder) == 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    CHECK(bind(holder, (struct sockaddr *)&address, length) == 0);
    CHECK(getsockname(holder, (struct sockaddr *)&address, &length) == 0);

    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.port = ntohs(address.sin_port);
    // With IPv6 the node would run on that family alone.
    config.flags = PEERS_NO_IPV6;
    char words[32];
    snprintf(words, sizeof words, "UDP port %u is in use", config.port);
    check_refused(&config, PEERS_ERR_ADDRESS_IN_USE, words);
    close_socket(holder);
    config.flags = 0;

    config.interfaces = "nosuch7";
    check_refused(&config, PEERS_ERR_INTERFACE, "interface \"nosuch7\" does not exist");
    config.interfaces = "lo,,lo";
    check_refused(&config, PEERS_ERR_INVALID, "empty name");
    static char stars[100001];
    memset(stars, '*', sizeof stars - 1);
    config.interfaces = stars;
    check_accepted(&config);
}

static void registrations(void) {
    static char bytes[1025];
    peers_config_t config = valid_config();
    config.max_peers = 2;
    peers_t *node = start(&config);

    memset(bytes, 'k', 256);
    CHECK_FAILS(peers_register(node, "", "v", 1, 0), PEERS_ERR_INVALID, "empty");
    CHECK_FAILS(peers_register(node, bytes, "v", 1, 0), PEERS_ERR_TOO_LARGE, "256 bytes");
    CHECK_FAILS(peers_register(node, "a\nb", "v", 1, 0), PEERS_ERR_INVALID, "a\\nb");
    CHECK_FAILS(peers_register(node, "\x80", "v", 1, 0), PEERS_ERR_UTF8, "key is not valid UTF-8");
    CHECK_FAILS(peers_register(node, "node", "v", 1, 0), PEERS_ERR_INVALID, "own name");
    CHECK_FAILS(peers_register(node, "key", bytes, 1025, 0), PEERS_ERR_TOO_LARGE, "1025 bytes");
    CHECK_FAILS(peers_register(node, "key", bytes, SIZE_MAX, 0), PEERS_ERR_TOO_LARGE, "bytes, more than memory can hold");
    CHECK(list_len(node) == 0);

    CHECK_OK(peers_register(node, "key", bytes, 1024, UINT32_MAX));
    CHECK_OK(peers_register(node, "other", "v", 1, 0));
    CHECK_FAILS(peers_register(node, "third", "v", 1, 0), PEERS_ERR_FULL, "no room for the key \"third\"");
    CHECK_OK(peers_register(node, "other", "w", 1, 0)); /* no newcomer */
    CHECK(list_len(node) == 2);
    CHECK_OK(peers_free(node));

    config.max_peers = 1000;
    config.entries_max_bytes = 65536;
    node = start(&config);
    for (int i = 0; i < 63; i++) {
        char key[3] = {(char)('a' + i / 26), (char)('a' + i % 26), 0};
        CHECK_OK(peers_register(node, key, bytes, 1024, 0));
    }
    CHECK_FAILS(peers_register(node, "budget", bytes, 1024, 0), PEERS_ERR_FULL, "65536 bytes together");
    CHECK(strstr(peers_last_error(), "raise entries_max_bytes") != NULL);
    CHECK_OK(peers_free(node));
}

static void health_sizes(void) {
    peers_t *node = start_manual("node", NETWORK);
    peers_health_t health = PEERS_HEALTH_INIT;
    health.peers = 77;
    static const size_t wrong[] = {0, 15, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char words[64];
        snprintf(words, sizeof words, "struct_size is %zu", wrong[i]);
        health.struct_size = wrong[i];
        CHECK_FAILS(peers_health(node, &health), PEERS_ERR_SIZE, words);
        CHECK(health.peers == 77);
    }
    /* An older caller's struct is filled as far as it goes. */
    health.struct_size = offsetof(peers_health_t, peers);
    health.sent = 77;
    CHECK_OK(peers_health(node, &health));
    CHECK(health.interfaces == 1 && health.peers == 77 && health.sent == 77);
    CHECK_OK(peers_free(node));
}

static void wrong_moments(void) {
    peers_config_t config = valid_config();
    config.flags = 0;
    peers_t *node = start(&config);
    CHECK_FAILS(peers_advance(node, 1), PEERS_ERR_INVALID, "system's clock");

    peers_event_t *event = UNTOUCHED;
    CHECK_STATUS(peers_next_event(node, 0, &event), PEERS_ERR_TIMEOUT);
    CHECK_STATUS(peers_next_event(node, 1, &event), PEERS_ERR_TIMEOUT);
    CHECK(event == UNTOUCHED);
    CHECK_OK(peers_free(node));
}

static void made_up_handles_before_there_is_a_node(void) {
    CHECK(strcmp(peers_last_error(), "") == 0);
    refuse_made_up_handles();
}

static void made_up_handles_beside_a_node(void) {
    peers_t *bystander = start_manual("bystander", "memory:elsewhere");
    refuse_made_up_handles();
    CHECK(list_len(bystander) == 0);
    CHECK_OK(peers_free(bystander));
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(made_up_handles_before_there_is_a_node),
        CASE(null_pointers),
        CASE(made_up_handles_beside_a_node),
        CASE(freed_handle),
        CASE(config_sizes),
        CASE(names),
        CASE(values),
        CASE(fields),
        CASE(keys),
        CASE(flags),
        CASE(what_the_system_does_not_have),
        CASE(registrations),
        CASE(health_sizes),
        CASE(wrong_moments),
    };
    return RUN_CASES(cases, count, arguments);
}
