/*
 * A supervisor: runs a command, and starts it again whenever the peer that it announces has left.
 *
 *     $ ./supervisor web peers announce --name web --port 8080
 *     started web
 *     web is alive
 *     web left (unreachable)
 *     started web
 *     web is alive
 *
 * What counts is that the program is seen on the network: one that hangs, and so announces nothing, is killed and started again
 * when it expires. A program that ends before it was ever listed is started again after a second.
 *
 * Build: cc -std=c11 supervisor.c -o supervisor -lpeers
 * Options before the name: --interfaces LIST, --port PORT, --cluster NAME.
 * Ends with 0 after SIGINT or SIGTERM, and ends the command; 1 after an error, 2 when it was called wrongly.
 */

#define _POSIX_C_SOURCE 200809L

#include <peers.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t is_ended;

static void end(int number) {
    (void)number;
    is_ended = 1;
}

static const char *words(uint32_t reason) {
    switch (reason) {
    case PEERS_LEFT_GOODBYE: return "goodbye";
    case PEERS_LEFT_EXPIRED: return "expired";
    case PEERS_LEFT_UNREACHABLE: return "unreachable";
    default: return "another reason"; /* of a later version */
    }
}

static pid_t start_command(const char *name, char **command) {
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    printf("started %s\n", name);
    fflush(stdout);
    return pid;
}

/* Ends the command, unless it has ended. */
static void end_command(pid_t pid, int number) {
    if (pid <= 0) return;
    kill(pid, number);
    waitpid(pid, NULL, 0);
}

/* Notes whether the peer is listed, by an event about it. True if it has left. */
static int note(const peers_event_t *event, const char *name, int *is_listed) {
    const int has_left = event->kind == PEERS_EVENT_LEFT && *is_listed;
    if (has_left) printf("%s left (%s)\n", name, words(event->reason));
    if (event->kind == PEERS_EVENT_JOINED) printf("%s is alive\n", name);
    fflush(stdout);
    *is_listed = event->kind != PEERS_EVENT_LEFT;
    return has_left;
}

/* Takes the events that wait. True if the peer has left. */
static int has_left(peers_t *node, const char *name, int *is_listed, int32_t *status) {
    int left = 0;
    peers_event_t *event = NULL;
    while ((*status = peers_next_event(node, 0, &event)) == PEERS_OK) {
        if (event->peer != NULL && strcmp(event->peer->name, name) == 0) left = note(event, name, is_listed);
        peers_event_free(event);
    }
    if (*status == PEERS_ERR_TIMEOUT) *status = PEERS_OK;
    return left;
}

static int32_t supervise(peers_t *node, const char *name, char **command) {
    struct pollfd events = {.events = POLLIN};
    int32_t status = peers_event_fd(node, &events.fd);
    int is_listed = 0;
    pid_t pid = status == PEERS_OK ? start_command(name, command) : 0;
    while (status == PEERS_OK && !is_ended) {
        poll(&events, 1, 1000);
        int left = has_left(node, name, &is_listed, &status);
        if (left) end_command(pid, SIGKILL);
        else if (pid <= 0 || waitpid(pid, NULL, WNOHANG) != pid) continue;
        pid = 0;
        /* One that was listed and has ended leaves the list soon, by the answers of its host. */
        if (left || !is_listed) pid = start_command(name, command);
    }
    end_command(pid, SIGTERM);
    return status;
}

int main(int argc, char **argv) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.flags = PEERS_OBSERVER;
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--interfaces") == 0) config.interfaces = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0) config.port = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--cluster") == 0) config.cluster = argv[i + 1];
        else break;
    }
    if (i + 1 >= argc || argv[i][0] == '-') {
        fputs("usage: supervisor [--interfaces LIST] [--port PORT] [--cluster NAME] NAME COMMAND [ARGUMENT]...\n", stderr);
        return 2;
    }

    struct sigaction action = {.sa_handler = end};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    peers_t *node = NULL;
    int32_t status = peers_start(&config, &node);
    if (status == PEERS_OK) status = supervise(node, argv[i], argv + i + 1);
    if (status != PEERS_OK) fprintf(stderr, "supervisor: %s\n", peers_last_error());
    peers_free(node);
    return status == PEERS_OK ? 0 : 1;
}
