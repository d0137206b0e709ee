/*
 * Announces itself, and prints the peers as they come and go, one line each, until SIGINT or SIGTERM, when it says
 * goodbye:
 *
 *     joined NAME ADDRESS
 *     updated NAME ADDRESS
 *     left NAME (REASON)      goodbye, expired or unreachable
 *     resync                  events were lost; what follows builds on peers_list()
 *
 * --key-file names a file that has the cluster's key, 32 bytes, and that its owner alone may use. To make one:
 *
 *     (umask 077 && head -c 32 /dev/urandom > key)
 *
 * --verbose prints the node's log to the standard error.
 *
 * Build: cc -std=c11 watch.c -o watch -lpeers
 * Ends with 0 after a signal, 1 after an error, 2 when it was called wrongly.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll, explicit_bzero */
#endif

#include <errno.h>
#include <fcntl.h>
#include <peers.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES 32

static volatile sig_atomic_t is_ended;

static void end(int number) {
    (void)number;
    is_ended = 1;
}

static void usage(const char *wrong) {
    fprintf(stderr, "watch: %s\n", wrong);
    fputs("usage: watch [--name NAME] [--cluster NAME] [--value TEXT] [--interval MS] [--expiry MS] [--port PORT] "
          "[--group ADDRESS] [--interfaces LIST] [--seeds LIST] [--unicast-port PORT] [--key-file PATH] [--verbose]\n", stderr);
    exit(2);
}

static uint32_t number(const char *text, unsigned long most) {
    char *rest = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &rest, 10);
    if (*text < '0' || *text > '9' || *rest != '\0' || errno != 0 || value > most) usage("a number is out of range");
    return (uint32_t)value;
}

/* On the node's thread. One call, so that no line of ours gets in between. */
static void print_log(int32_t level, const char *message, void *context) {
    static const char *const names[] = {"?", "error", "warning", "info", "debug"};
    (void)context;
    fprintf(stderr, "%s: %s\n", level >= PEERS_LOG_ERROR && level <= PEERS_LOG_DEBUG ? names[level] : names[0], message);
}

static void refuse_key(const char *path, const char *why) {
    fprintf(stderr, "watch: %s: %s\n", path, why);
    exit(1);
}

/* Reads the key into the configuration, as `key`. */
static void read_key(const char *path, unsigned char *key, peers_config_t *config) {
    unsigned char bytes[KEY_BYTES + 1]; /* a longer file is told from a key */
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &file) != 0) refuse_key(path, strerror(errno));
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        refuse_key(path, "others than its owner may use it, and may know the key; make a new key, in a file of mode 600");
    size_t length = 0;
    ssize_t some;
    while (length < sizeof bytes && (some = read(fd, bytes + length, sizeof bytes - length)) != 0) {
        if (some > 0) length += (size_t)some;
        else if (errno != EINTR) refuse_key(path, strerror(errno));
    }
    close(fd);
    if (length != KEY_BYTES) refuse_key(path, length < KEY_BYTES ? "too short: a key has 32 bytes" : "too long: a key has 32 bytes");
    memcpy(key, bytes, KEY_BYTES);
    explicit_bzero(bytes, sizeof bytes);
    config->keys = key;
    config->keys_count = 1;
}

static void read_options(int argc, char **argv, unsigned char *key, peers_config_t *config) {
    for (int i = 1; i < argc; i += 2) {
        const char *option = argv[i];
        if (strcmp(option, "--verbose") == 0) {
            config->log = print_log;
            config->log_level = PEERS_LOG_DEBUG;
            i--; /* it has no value */
            continue;
        }
        const char *value = argv[i + 1]; /* argv ends with NULL */
        if (value == NULL) usage("an option has no value");
        if (strcmp(option, "--name") == 0) config->name = value;
        else if (strcmp(option, "--cluster") == 0) config->cluster = value;
        else if (strcmp(option, "--value") == 0) config->value = *value ? value : NULL, config->value_len = strlen(value);
        else if (strcmp(option, "--interval") == 0) config->interval_ms = number(value, UINT32_MAX);
        else if (strcmp(option, "--expiry") == 0) config->expiry_ms = number(value, UINT32_MAX);
        else if (strcmp(option, "--port") == 0) config->port = number(value, UINT16_MAX);
        else if (strcmp(option, "--group") == 0) config->group_v4 = value;
        else if (strcmp(option, "--interfaces") == 0) config->interfaces = value;
        else if (strcmp(option, "--seeds") == 0) config->seeds = value;
        else if (strcmp(option, "--unicast-port") == 0) config->unicast_port = number(value, UINT16_MAX);
        else if (strcmp(option, "--key-file") == 0) read_key(value, key, config);
        else usage("there is no such option");
    }
}

static const char *words(uint32_t reason) {
    switch (reason) {
    case PEERS_LEFT_GOODBYE: return "goodbye";
    case PEERS_LEFT_EXPIRED: return "expired";
    case PEERS_LEFT_UNREACHABLE: return "unreachable";
    default: return "another reason"; /* of a later version */
    }
}

static void print_event(const peers_event_t *event) {
    const peers_peer_t *peer = event->peer;
    switch (event->kind) {
    case PEERS_EVENT_JOINED: printf("joined %s %s\n", peer->name, peer->address); break;
    case PEERS_EVENT_UPDATED: printf("updated %s %s\n", peer->name, peer->address); break;
    case PEERS_EVENT_LEFT: printf("left %s (%s)\n", peer->name, words(event->reason)); break;
    case PEERS_EVENT_RESYNC: printf("resync\n"); break;
    default: break; /* a kind of a later version */
    }
    fflush(stdout);
}

/* Prints the events that wait. */
static int32_t print_events(peers_t *node) {
    peers_event_t *event = NULL;
    int32_t status;
    while ((status = peers_next_event(node, 0, &event)) == PEERS_OK) {
        print_event(event);
        peers_event_free(event);
    }
    return status == PEERS_ERR_TIMEOUT ? PEERS_OK : status;
}

/* Until a signal comes. They are blocked but for the wait itself, so that none falls between check and wait. */
static int32_t watch(peers_t *node, const sigset_t *while_waiting) {
    struct pollfd events = {.events = POLLIN};
    int32_t status = peers_event_fd(node, &events.fd);
    while (status == PEERS_OK && !is_ended) {
        if (ppoll(&events, 1, NULL, while_waiting) > 0) status = print_events(node);
    }
    return status;
}

int main(int argc, char **argv) {
    peers_config_t config = PEERS_CONFIG_INIT;
    unsigned char key[KEY_BYTES];
    read_options(argc, argv, key, &config);

    sigset_t ending, before;
    struct sigaction action = {.sa_handler = end};
    sigemptyset(&action.sa_mask);
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, &before);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    peers_t *node = NULL;
    int32_t status = peers_start(&config, &node);
    explicit_bzero(key, sizeof key); /* the library has a copy, which it wipes itself */
    if (status == PEERS_OK) status = watch(node, &before);
    if (status != PEERS_OK) fprintf(stderr, "watch: %s\n", peers_last_error());
    peers_free(node); /* says goodbye */
    return status == PEERS_OK ? 0 : 1;
}
