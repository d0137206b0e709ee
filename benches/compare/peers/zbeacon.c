/* zbeacon of CZMQ as a peer of the comparison: `zbeacon NAME ADDRESS`, with a beacon each second, as Zyre has it. It hands
 * out beacons and no more: who is new is found here, and that somebody left it does not tell. What the lines mean is in
 * benches/compare/README.md. */

#include <czmq.h>

#include "line.h"

enum { PORT = 49002, INTERVAL_MS = 1000 };

/* A beacon is heard: two frames, the sender's address and what it said. */
static void hear(zactor_t *beacon, zhash_t *known) {
    char *address, *name;
    if (zstr_recvx(beacon, &address, &name, NULL) != 2) return;
    if (zhash_insert(known, name, (void *) "") == 0) tell("joined", name);
    zstr_free(&address);
    zstr_free(&name);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    char line[64];
    puts("ready");
    fflush(stdout);
    read_line(line, sizeof line);

    zsys_handler_set(NULL);
    zactor_t *beacon = zactor_new(zbeacon, NULL);
    zsock_send(beacon, "si", "CONFIGURE", PORT);
    char *address = zstr_recv(beacon);
    if (!address || !*address) {
        fprintf(stderr, "zbeacon found no interface to use\n");
        // Without a word of the library's destructors, which would be the last.
        fflush(stderr);
        _exit(1);
    }
    zstr_free(&address);
    zsock_send(beacon, "sbi", "PUBLISH", argv[1], strlen(argv[1]), INTERVAL_MS);
    zsock_send(beacon, "sb", "SUBSCRIBE", "", 0);
    tell("started", argv[1]);

    int input = STDIN_FILENO;
    zhash_t *known = zhash_new();
    zpoller_t *poller = zpoller_new(beacon, &input, NULL);
    for (void *ready; (ready = zpoller_wait(poller, -1)) == beacon;) hear(beacon, known);
    zstr_sendx(beacon, "SILENCE", NULL);
    zpoller_destroy(&poller);
    zhash_destroy(&known);
    zactor_destroy(&beacon);
    return 0;
}
