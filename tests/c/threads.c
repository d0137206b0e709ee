/* Every call from every thread; and what a process is left with after many nodes. */

#include "process.h"

#include <signal.h>

#define NETWORK "memory:threads"

static peers_t *start_threaded(const char *name) {
    peers_config_t config = memory_config(name, NETWORK);
    config.flags = 0;
    return start(&config);
}

static void start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
    CHECK(pthread_create(thread, NULL, run, argument) == 0);
}

typedef struct {
    peers_t *node;
    pthread_barrier_t *gate;
    int32_t status;
} call_t;

static void *wait_for_event(void *argument) {
    call_t *call = argument;
    peers_event_t *event = UNTOUCHED;
    pthread_barrier_wait(call->gate);
    call->status = peers_next_event(call->node, -1, &event);
    CHECK(event == UNTOUCHED);
    return NULL;
}

static void *free_node(void *argument) {
    call_t *call = argument;
    pthread_barrier_wait(call->gate);
    call->status = peers_free(call->node);
    return NULL;
}

/* Whichever comes first: a wait that is cut short is told so, one that comes too late has no node. */
static void free_ends_a_wait(void) {
    for (int round = 0; round < 200; round++) {
        pthread_barrier_t gate;
        CHECK(pthread_barrier_init(&gate, NULL, 2) == 0);
        call_t call = {.node = start_threaded("node"), .gate = &gate};
        pthread_t waiter;
        start_thread(&waiter, wait_for_event, &call);
        pthread_barrier_wait(&gate);
        CHECK_OK(peers_free(call.node));
        CHECK(pthread_join(waiter, NULL) == 0);
        if (call.status != PEERS_ERR_HANDLE) CHECK_STATUS(call.status, PEERS_ERR_STOPPED);
        pthread_barrier_destroy(&gate);
    }
}

static void two_frees_at_once(void) {
    for (int round = 0; round < 200; round++) {
        pthread_barrier_t gate;
        CHECK(pthread_barrier_init(&gate, NULL, 2) == 0);
        peers_t *node = start_threaded("node");
        call_t calls[2] = {{.node = node, .gate = &gate}, {.node = node, .gate = &gate}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) start_thread(&threads[i], free_node, &calls[i]);
        for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK_STATUS(calls[0].status == PEERS_OK ? calls[1].status : calls[0].status, PEERS_ERR_HANDLE);
        CHECK_STATUS(calls[0].status == PEERS_OK ? calls[0].status : calls[1].status, PEERS_OK);
        pthread_barrier_destroy(&gate);
    }
}

#define CALLERS 8
#define CALLS 200

static atomic_int next_caller;

static void *use_node(void *node) {
    int caller = atomic_fetch_add(&next_caller, 1);
    for (int i = 0; i < CALLS; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d-%d", caller, i);
        CHECK_OK(peers_register(node, key, key, strlen(key), 3600000)); /* on the slowest machine, too */
        peers_list_t *list = NULL;
        CHECK_OK(peers_list(node, &list));
        CHECK(list->len > (size_t)i);
        for (size_t at = 1; at < list->len; at++)
            CHECK(strcmp(peers_list_at(list, at - 1)->name, peers_list_at(list, at)->name) < 0);
        peers_list_free(list);
        /* The detail of an error is the thread's own. */
        key[0] = '\n';
        CHECK_STATUS(peers_register(node, key, "", 0, 0), PEERS_ERR_INVALID);
        CHECK(strstr(peers_last_error(), key + 1) != NULL);
    }
    return NULL;
}

static void many_callers(void) {
    peers_t *node = start_threaded("node");
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) start_thread(&threads[i], use_node, node);
    for (int i = 0; i < CALLERS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(list_len(node) == CALLERS * CALLS);
    CHECK_OK(peers_free(node));
}

/* What each of these gives until the node is freed, from some time on whenever that comes. */
static int is_over(int32_t status) {
    if (status == PEERS_ERR_HANDLE || status == PEERS_ERR_STOPPED) return 1;
    CHECK_OK(status);
    return 0;
}

static atomic_int rounds;

static void *list_until_freed(void *node) {
    for (;; rounds++) {
        peers_list_t *list = NULL;
        if (is_over(peers_list(node, &list))) return NULL;
        for (size_t at = 0; at < list->len; at++) CHECK(peers_list_at(list, at)->name[0] != '\0');
        peers_list_free(list);
    }
}

static void *register_until_freed(void *node) {
    for (int i = 0;; i++, rounds++) {
        char key[32];
        snprintf(key, sizeof key, "lamp%d", i % 50);
        if (is_over(peers_register(node, key, &i, sizeof i, 0))) return NULL;
        if (is_over(peers_set_value(node, &i, sizeof i))) return NULL;
    }
}

static void *take_events_until_freed(void *node) {
    for (;; rounds++) {
        peers_event_t *event = NULL;
        if (is_over(peers_next_event(node, -1, &event))) return NULL;
        CHECK((event->kind == PEERS_EVENT_RESYNC) == (event->peer == NULL));
        peers_event_free(event);
    }
}

static void *look_until_freed(void *node) {
    for (;; rounds++) {
        peers_health_t health = PEERS_HEALTH_INIT;
        int32_t fd = -1;
        if (is_over(peers_health(node, &health))) return NULL;
        CHECK(health.state == PEERS_STATE_RUNNING);
        if (is_over(peers_event_fd(node, &fd))) return NULL;
    }
}

/* Lists, registrations, waits and all else at once, with a node beside it that is heard, until the node is freed under them. */
static void freed_under_many_callers(void) {
    void *(*const callers[])(void *) = {
        list_until_freed,        list_until_freed,        register_until_freed, register_until_freed,
        take_events_until_freed, take_events_until_freed, look_until_freed,
    };
    enum { COUNT = sizeof callers / sizeof *callers };
    for (int round = 0; round < 20; round++) {
        peers_t *node = start_threaded("node"), *other = start_threaded("other");
        pthread_t threads[COUNT];
        rounds = 0;
        for (int i = 0; i < COUNT; i++) start_thread(&threads[i], callers[i], node);
        while (rounds < 200) sched_yield();
        CHECK_OK(peers_free(node));
        for (int i = 0; i < COUNT; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK_OK(peers_free(other));
    }
}

#define NODES 1000

static void a_thousand_nodes(void) {
    /* Each node holds a descriptor, and the usual limit is 1024. */
    limit_descriptors(RLIM_INFINITY);

    static peers_t *nodes[NODES];
    for (int i = 0; i < NODES; i++) {
        char name[16];
        snprintf(name, sizeof name, "node%d", i);
        nodes[i] = start_manual(name, "memory:thousand");
    }
    CHECK(list_len(nodes[0]) == NODES - 1);
    CHECK(list_len(nodes[NODES / 2]) == NODES - NODES / 2 - 1); /* those that started later */
    CHECK_OK(peers_advance(nodes[0], 35000));
    CHECK(list_len(nodes[0]) == 0);
    CHECK(list_len(nodes[NODES - 1]) == 1);
    for (int i = 0; i < NODES; i++) CHECK_OK(peers_free(nodes[i]));
}

/* The rest of the line that starts with `key` in a file of a thread; with "", the first line. */
static void read_line(const char *thread, const char *file, const char *key, char *rest, int size) {
    char path[300], line[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, file);
    FILE *stream = fopen(path, "r");
    CHECK(stream != NULL);
    while (fgets(line, sizeof line, stream) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        snprintf(rest, (size_t)size, "%s", line + strlen(key));
        rest[strcspn(rest, "\n")] = '\0';
        fclose(stream);
        return;
    }
    FAIL("%s has no line with %s", path, key);
}

static void the_thread_has_a_name_and_takes_no_signals(void) {
    sigset_t mine;
    peers_t *node = start_threaded("node");
    /* A thread names itself when it begins to run: once it has told an event, it has. */
    peers_t *other = start_manual("other", NETWORK);
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, -1, &event));
    peers_event_free(event);

    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mine) == 0);
    CHECK(!sigismember(&mine, SIGTERM)); /* the caller's own mask is as it was */

    int found = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char name[64], blocked[64];
        if (task->d_name[0] == '.') continue;
        read_line(task->d_name, "comm", "", name, sizeof name);
        if (strcmp(name, "peers") != 0) continue;
        found++;
        read_line(task->d_name, "status", "SigBlk:", blocked, sizeof blocked);
        unsigned long long mask = strtoull(blocked, NULL, 16);
        for (int number = 1; number <= 64; number++) {
            /* KILL and STOP cannot be blocked; 32 and 33 are the C library's own. */
            int exempt = number == SIGKILL || number == SIGSTOP || number == 32 || number == 33;
            if (!exempt && !(mask >> (number - 1) & 1)) FAIL("signal %d is not blocked", number);
        }
    }
    closedir(tasks);
    CHECK(found == 1);
    CHECK_OK(peers_free(other));
    CHECK_OK(peers_free(node));
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(the_thread_has_a_name_and_takes_no_signals),
        CASE(free_ends_a_wait),
        CASE(two_frees_at_once),
        CASE(many_callers),
        CASE(freed_under_many_callers),
        CASE(a_thousand_nodes),
    };
    return RUN_CASES(cases, count, arguments);
}
