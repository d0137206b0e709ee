/* A forked child has none of the parent's nodes, must not disturb them, and can start its own. */

#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_descriptors(void) {
    int count = 0;
    DIR *fds = opendir("/proc/self/fd");
    CHECK(fds != NULL);
    while (readdir(fds) != NULL) count++;
    closedir(fds);
    return count;
}

/* True if the node's internal thread waits: what a busy thread holds at a fork cannot be released in the child. */
static int thread_sleeps(void) {
    int sleeps = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], name[64] = "", state = '?';
        snprintf(path, sizeof path, "/proc/self/task/%s/stat", task->d_name);
        FILE *stat = fopen(path, "r");
        if (stat == NULL) continue; /* "." and ".." */
        if (fscanf(stat, "%*d (%63[^)]) %c", name, &state) == 2 && strcmp(name, "peers") == 0) sleeps = state == 'S';
        fclose(stat);
    }
    closedir(tasks);
    return sleeps;
}

static int is_readable(int32_t fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    CHECK(poll(&poll_fd, 1, 0) >= 0);
    return poll_fd.revents != 0;
}

/* Runs `child` in a forked child, which ends well. */
static void in_child(void (*child)(peers_t *, peers_t *), peers_t *first, peers_t *second) {
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60); /* a child that hangs must not hang the test */
        child(first, second);
        exit(0);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) FAIL("the child ended with wait status %#x", status);
}

static void only_free_is_left(peers_t *manual, peers_t *threaded) {
    check_every_call_fails(manual, PEERS_ERR_FORKED, "parent");
    check_every_call_fails(threaded, PEERS_ERR_FORKED, "parent");

    /* Each holds a descriptor to wake by, and the one that was asked for to poll. */
    int before = open_descriptors();
    CHECK_OK(peers_free(manual));
    CHECK(open_descriptors() == before - 2);
    CHECK_OK(peers_free(threaded));
    CHECK(open_descriptors() == before - 4);
    CHECK_STATUS(peers_free(manual), PEERS_ERR_HANDLE);
    check_every_call_fails(manual, PEERS_ERR_FORKED, "parent");
}

/* Nodes of its own on the parent's network, which in this process is another one: the parent's node does not hear. */
static void nodes_of_its_own(peers_t *manual, peers_t *threaded) {
    peers_t *one = start_manual("one", "memory:fork");
    peers_t *two = start_manual("two", "memory:fork");
    CHECK(one != manual && two != manual && one != threaded && two != threaded);
    CHECK(list_len(one) == 1);
    check_every_call_fails(manual, PEERS_ERR_FORKED, "parent");
    CHECK_OK(peers_free(two));
    CHECK_OK(peers_free(one));
    check_every_call_fails(one, PEERS_ERR_HANDLE, "no live node");
    CHECK_OK(peers_free(manual));
    CHECK_OK(peers_free(threaded));
}

static atomic_int forks_are_over;

/* Keeps every lock of the library busy. */
static void *start_and_free(void *unused) {
    (void)unused;
    while (!forks_are_over) CHECK_OK(peers_free(start_manual("busy", "memory:fork-busy")));
    return NULL;
}

static void one_node(peers_t *parents, peers_t *unused) {
    (void)unused;
    CHECK_OK(peers_free(parents));
    CHECK_OK(peers_free(start_manual("mine", "memory:fork-busy")));
}

/* A lock that another thread holds at the fork must not hang the child. */
static void forks_while_threads_are_busy(peers_t *node) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, start_and_free, NULL) == 0);
    for (int i = 0; i < 200; i++) in_child(one_node, node, NULL);
    forks_are_over = 1;
    for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void a_thread_of_its_own(peers_t *manual, peers_t *threaded) {
    (void)manual, (void)threaded; /* which need not be freed */
    peers_config_t config = memory_config("mine", "memory:fork-threaded");
    config.flags = 0;
    peers_t *mine = start(&config);
    peers_t *other = start_manual("other", "memory:fork-threaded");
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(mine, -1, &event));
    CHECK(event->kind == PEERS_EVENT_JOINED && strcmp(event->peer->name, "other") == 0);
    peers_event_free(event);
    CHECK_OK(peers_free(other));
    CHECK_OK(peers_free(mine));
}

static void a_grandchild(peers_t *manual, peers_t *threaded) {
    (void)threaded;
    peers_t *mine = start_manual("mine", "memory:fork-grandchild");
    in_child(nodes_of_its_own, mine, manual);
    CHECK(list_len(mine) == 0);
    CHECK_OK(peers_free(mine));
}

int main(void) {
    /* On networks of their own, so that nothing the threaded one says comes to the other. */
    peers_config_t config = memory_config("threaded", "memory:fork-threaded");
    config.flags = 0;
    peers_t *threaded = start(&config);
    peers_t *manual = start_manual("manual", "memory:fork");
    int32_t manual_fd = -1, threaded_fd = -1;
    CHECK_OK(peers_event_fd(manual, &manual_fd));
    CHECK_OK(peers_event_fd(threaded, &threaded_fd));
    peers_event_t *event = NULL;
    CHECK_OK(peers_register(threaded, "lamp", "", 0, 3600000));
    CHECK_OK(peers_next_event(threaded, -1, &event));
    peers_event_free(event);
    CHECK_STATUS(peers_next_event(manual, 0, &event), PEERS_ERR_TIMEOUT);
    CHECK(!is_readable(manual_fd) && !is_readable(threaded_fd));
    while (!thread_sleeps()) sched_yield();

    in_child(only_free_is_left, manual, threaded);
    in_child(nodes_of_its_own, manual, threaded);
    in_child(a_thread_of_its_own, manual, threaded);
    in_child(a_grandchild, manual, threaded);
    forks_while_threads_are_busy(manual);

    /* The parent's nodes have noticed nothing: neither events, nor datagrams, nor a closed descriptor. */
    CHECK(!is_readable(manual_fd) && !is_readable(threaded_fd));
    CHECK(list_len(manual) == 0);
    CHECK(list_len(threaded) == 1);
    CHECK(health_of(manual).received == 2 && health_of(manual).own == 2);
    CHECK(health_of(manual).state == PEERS_STATE_RUNNING);

    /* And they hear as before. */
    peers_t *newcomer = start_manual("newcomer", "memory:fork");
    CHECK(list_len(manual) == 1);
    CHECK_OK(peers_free(newcomer));
    newcomer = start_manual("newcomer", "memory:fork-threaded");
    CHECK_OK(peers_next_event(threaded, -1, &event));
    CHECK(event->kind == PEERS_EVENT_JOINED && strcmp(event->peer->name, "newcomer") == 0);
    peers_event_free(event);
    CHECK_OK(peers_free(newcomer));
    CHECK_OK(peers_free(manual));
    CHECK_OK(peers_free(threaded));
    return 0;
}
