/* Has keys, replaces them and frees its node, and says so after each step, so that the test can look into its memory then. It
 * keeps no key itself: each is made of a number, and wiped. */

#include "check.h"

static void make_key(unsigned char *key, unsigned number) {
    for (unsigned at = 0; at < 32; at++) key[at] = (unsigned char)((at + 1) * 37 * number + at * at);
}

/* Says where it is, and goes on when the test lets it. */
static void pause_at(const char *place) {
    puts(place);
    fflush(stdout);
    CHECK(getchar() == '\n');
}

int main(void) {
    unsigned char key[32];
    peers_config_t config = memory_config("secretive", "memory:wiped");
    make_key(key, 1);
    config.keys = key;
    config.keys_count = 1;
    peers_t *node = start(&config);
    explicit_bzero(key, sizeof key);
    pause_at("started");

    make_key(key, 2);
    CHECK_OK(peers_set_keys(node, key, 1));
    explicit_bzero(key, sizeof key);
    pause_at("replaced");

    CHECK_OK(peers_free(node));
    pause_at("freed");
    return 0;
}
