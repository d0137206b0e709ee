/* A forked child has none of the parent's nodes, must not disturb them, and can start its own. */

#include "process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

/* True if the node's internal thread waits: what a busy thread holds at a fork cannot be released in the child. */
static int thread_sleeps(void) {
    int sleeps = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) sleeps |= is_asleep(task->d_name, "peers");
    closedir(tasks);
    return sleeps;
}

/* Nobody else is heard on it. */
static uint32_t sockets_port;

static peers_config_t node_config(const char *name) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.interfaces = "lo";
    config.flags = PEERS_NO_LEGACY;
    config.port = sockets_port;
    return config;
}

static int is_readable(int32_t fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    CHECK(poll(&poll_fd, 1, 0) >= 0);
    return poll_fd.revents != 0;
}

static void only_free_is_left(peers_t *manual, peers_t *threaded) {
    check_every_call_fails(manual, PEERS_ERR_FORKED, "parent");
    check_every_call_fails(threaded, PEERS_ERR_FORKED, "parent");

    /* The event descriptor is a pair. A thread is woken by a pair, and has a timer. */
    int before = open_descriptors();
    CHECK_OK(peers_free(manual));
    CHECK(open_descriptors() == before - 2);
    CHECK_OK(peers_free(threaded));
    CHECK(open_descriptors() == before - 7);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(peers_free(manual), PEERS_ERR_HANDLE);
        CHECK_STATUS(peers_free(threaded), PEERS_ERR_HANDLE);
    }
    check_every_call_fails(manual, PEERS_ERR_HANDLE, "no live node");
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
    CHECK_STATUS(peers_free(parents), PEERS_ERR_HANDLE);
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

/* Nothing of a node outlives an exec: `descriptors` is what the parent had before its first node. */
static void exec_inherits_nothing(int descriptors) {
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        char count[16];
        snprintf(count, sizeof count, "%d", descriptors);
        execl("/proc/self/exe", "fork", count, (char *)NULL);
        FAIL("exec");
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* On real sockets: a fork does not disturb the node, and its child has one of its own. */
static void one_on_the_same_port(peers_t *parents, peers_t *unused) {
    (void)unused;
    check_every_call_fails(parents, PEERS_ERR_FORKED, "parent");
    peers_config_t config = node_config("child");
    peers_t *mine = start(&config);
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(mine, -1, &event)); /* the parent's node answers */
    CHECK(event->kind == PEERS_EVENT_JOINED && strcmp(event->peer->name, "parent") == 0);
    peers_event_free(event);
    CHECK_OK(peers_free(parents));
    CHECK_OK(peers_free(mine));
}

static void check_event(peers_t *node, uint32_t kind, const char *name) {
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, -1, &event));
    CHECK(event->kind == kind && strcmp(event->peer->name, name) == 0);
    peers_event_free(event);
}

static void an_exec_inherits_nothing(void) {
    int before = open_descriptors();
    peers_config_t config = node_config("parent");
    peers_t *node = start(&config);
    exec_inherits_nothing(before);
    CHECK_OK(peers_free(node));
}

static void on_sockets(void) {
    int before = open_descriptors();
    peers_config_t config = node_config("parent");
    peers_t *node = start(&config);
    in_child(one_on_the_same_port, node, NULL);
    check_event(node, PEERS_EVENT_JOINED, "child");
    check_event(node, PEERS_EVENT_LEFT, "child");
    CHECK_OK(peers_free(node));
    CHECK(open_descriptors() == before);
}

/* Returns when the parent closes its end of the pipe. */
static int parent_ends[2];

static void wait_for_parent(void) {
    char byte;
    CHECK(close(parent_ends[1]) == 0);
    CHECK(read(parent_ends[0], &byte, 1) == 0);
}

/* Forks a child that frees the node, or does not, and lives until the parent closes the pipe. */
static pid_t fork_beside(peers_t *node, int frees) {
    int ready[2];
    char byte = 0;
    CHECK(pipe(parent_ends) == 0 && pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60);
        if (frees) CHECK_OK(peers_free(node));
        CHECK(write(ready[1], &byte, 1) == 1);
        wait_for_parent();
        _exit(0);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    CHECK(close(ready[0]) == 0 && close(ready[1]) == 0);
    return pid;
}

static void end_child(pid_t pid) {
    int status = 0;
    CHECK(close(parent_ends[0]) == 0 && close(parent_ends[1]) == 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A port that no socket has. */
static uint32_t free_port(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&any, len) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&any, &len) == 0 && close(fd) == 0);
    return ntohs(any.sin_port);
}

/* The port of a node whose child lives on: it is free again if the child has freed the node. */
static void a_child_that_frees_the_node_holds_no_port(void) {
    peers_config_t config = node_config("parent");
    config.unicast_port = free_port();
    for (int frees = 0; frees < 2; frees++) {
        peers_t *node = start(&config);
        while (!thread_sleeps()) sched_yield();
        pid_t child = fork_beside(node, frees);
        CHECK_OK(peers_free(node));
        peers_t *next = UNTOUCHED;
        CHECK_STATUS(peers_start(&config, &next), frees ? PEERS_OK : PEERS_ERR_ADDRESS_IN_USE);
        end_child(child);
        if (frees) CHECK_OK(peers_free(next));
    }
}

/* What the parent has freed before the fork is as dead in the child. */
static void freed_before_the_fork(peers_t *freed, peers_t *unused) {
    (void)unused;
    check_every_call_fails(freed, PEERS_ERR_HANDLE, "no live node");
    CHECK_STATUS(peers_free(freed), PEERS_ERR_HANDLE);
}

static void a_node_freed_before_the_fork(void) {
    peers_t *node = start_manual("freed", "memory:fork-freed");
    CHECK_OK(peers_free(node));
    in_child(freed_before_the_fork, node, NULL);
}

/* In a child, a subscription of the parent can be freed, before and after its node, and no more. */
static peers_subscription_t *parents_subscription;

static void subscription_in_child(peers_t *node, peers_t *frees_node_first) {
    peers_event_t *event = UNTOUCHED;
    int32_t fd = -77;
    CHECK_STATUS(peers_subscription_next(parents_subscription, -1, &event), PEERS_ERR_FORKED);
    CHECK_STATUS(peers_subscription_fd(parents_subscription, &fd), PEERS_ERR_FORKED);
    if (frees_node_first != NULL) CHECK_OK(peers_free(node));
    CHECK_OK(peers_subscription_free(parents_subscription));
    CHECK_STATUS(peers_subscription_free(parents_subscription), PEERS_ERR_HANDLE);
    if (frees_node_first == NULL) CHECK_OK(peers_free(node));
}

static void a_subscription_of_the_parent(void) {
    peers_t *node = start_manual("node", "memory:fork-subscription");
    CHECK_OK(peers_subscribe(node, &parents_subscription));
    in_child(subscription_in_child, node, NULL);
    in_child(subscription_in_child, node, node);
    CHECK_OK(peers_register(node, "lamp", "", 0, 0));
    peers_event_t *event = NULL;
    CHECK_OK(peers_subscription_next(parents_subscription, 0, &event));
    peers_event_free(event);
    CHECK_OK(peers_subscription_free(parents_subscription));
    CHECK_OK(peers_free(node));
}

static void in_children(void) {
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
    CHECK(health_of(manual).received == 2 && health_of(manual).looped_back == 2);
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
}

/* With a port in PEERS_TEST_PORT; or executed as "fork" with the number of descriptors it may have inherited. */
int main(int count, char **arguments) {
    if (strcmp(arguments[0], "fork") == 0) return open_descriptors() == atoi(arguments[1]) ? 0 : 1;
    sockets_port = test_port();
    static const case_t cases[] = {
        CASE(on_sockets),
        CASE(an_exec_inherits_nothing),
        CASE(in_children),
        CASE(a_child_that_frees_the_node_holds_no_port),
        CASE(a_node_freed_before_the_fork),
        CASE(a_subscription_of_the_parent),
    };
    return RUN_CASES(cases, count, arguments);
}
