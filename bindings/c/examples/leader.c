/*
 * Elects a leader: of all instances of this program that are alive, the one with the smallest id.
 *
 *     $ ./leader --name anna
 *     anna leads
 *
 * Start it several times, here or on other hosts, and end the one that leads: another one leads then. Each prints the leader
 * whenever it changes. Two instances may disagree while a message is under way, so this is no lock: work that two leaders must
 * never do at once needs a store with consensus.
 *
 * Build: cc -std=c11 leader.c -o leader -lpeers -lpthread
 * Ends with 0 after SIGINT or SIGTERM, 1 after an error, 2 when it was called wrongly.
 */

#define _POSIX_C_SOURCE 200809L

#include <peers.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_BYTES 16

/* A peer without an id, such as a legacy node, does not know of the election. */
static int has_id(const peers_peer_t *peer) {
    static const uint8_t none[ID_BYTES];
    return memcmp(peer->id, none, ID_BYTES) != 0;
}

static const peers_peer_t *smallest(const peers_list_t *list, const peers_peer_t *first) {
    for (size_t i = 0; i < list->len; i++) {
        const peers_peer_t *peer = peers_list_at(list, i);
        if (has_id(peer) && memcmp(peer->id, first->id, ID_BYTES) < 0) first = peer;
    }
    return first;
}

/* Prints the leader if it is another than before. On success *version is that of the list. */
static int32_t elect(peers_t *node, uint8_t *leading, uint64_t *version) {
    peers_list_t *own = NULL, *list = NULL;
    int32_t status = peers_self(node, &own);
    if (status == PEERS_OK) status = peers_list(node, &list);
    if (status == PEERS_OK) {
        const peers_peer_t *leader = smallest(list, peers_list_at(own, 0));
        if (memcmp(leader->id, leading, ID_BYTES) != 0) printf("%s leads\n", leader->name);
        fflush(stdout);
        memcpy(leading, leader->id, ID_BYTES);
        *version = list->version;
    }
    peers_list_free(own);
    peers_list_free(list);
    return status;
}

/* A thread: elects after each change of the list, until the node is freed. */
static void *follow(void *node) {
    uint8_t leading[ID_BYTES] = {0};
    uint64_t version = 0;
    int32_t status;
    do {
        status = peers_wait(node, version, -1, &version);
        if (status == PEERS_OK) status = elect(node, leading, &version);
    } while (status == PEERS_OK);
    if (status == PEERS_ERR_STOPPED || status == PEERS_ERR_HANDLE) return NULL;
    fprintf(stderr, "leader: %s\n", peers_last_error());
    kill(getpid(), SIGTERM); /* the node has failed */
    return node;
}

static void read_options(int argc, char **argv, peers_config_t *config) {
    for (int i = 1; i < argc; i += 2) {
        const char *value = argv[i + 1]; /* argv ends with NULL */
        if (value != NULL && strcmp(argv[i], "--name") == 0) config->name = value;
        else if (value != NULL && strcmp(argv[i], "--interfaces") == 0) config->interfaces = value;
        else if (value != NULL && strcmp(argv[i], "--port") == 0) config->port = (uint32_t)strtoul(value, NULL, 10);
        else {
            fputs("usage: leader [--name NAME] [--interfaces LIST] [--port PORT]\n", stderr);
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.cluster = "leader"; /* other programs are no candidates */
    read_options(argc, argv, &config);

    /* Blocked in all threads: sigwait takes the signal. */
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);

    peers_t *node = NULL;
    pthread_t thread;
    if (peers_start(&config, &node) != PEERS_OK || pthread_create(&thread, NULL, follow, node) != 0) {
        fprintf(stderr, "leader: %s\n", peers_last_error());
        peers_free(node);
        return 1;
    }
    int number = 0;
    sigwait(&ending, &number);
    peers_free(node); /* says goodbye, and ends the wait of the thread */
    void *failed = NULL;
    pthread_join(thread, &failed);
    return failed == NULL ? 0 : 1;
}
