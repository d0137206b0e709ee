/* What the C tests see of their own process in /proc: descriptors, threads, memory; and a thread that waits. */

#ifndef PROCESS_H
#define PROCESS_H

#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int entries(const char *folder) {
    int count = 0;
    DIR *directory = opendir(folder);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static inline int open_descriptors(void) { return entries("/proc/self/fd"); }

static inline int threads(void) { return entries("/proc/self/task"); }

/* A thread that was joined may be listed for a moment longer. */
static inline void wait_until_threads_are(int count) {
    while (threads() > count) sched_yield();
    CHECK(threads() == count);
}

/* Resident memory. */
static inline long resident_kib(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm != NULL);
    CHECK(fscanf(statm, "%*d %ld", &pages) == 1);
    fclose(statm);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* True if the thread, given as the name of its folder, is named `name` (or NULL) and waits. */
static inline int is_asleep(const char *thread, const char *name) {
    char path[300], actual[64] = "", state = '?';
    snprintf(path, sizeof path, "/proc/self/task/%s/stat", thread);
    FILE *stat = fopen(path, "r");
    if (stat == NULL) return 0; /* "." and "..", or it has ended */
    int fields = fscanf(stat, "%*d (%63[^)]) %c", actual, &state);
    fclose(stat);
    return fields == 2 && (name == NULL || strcmp(actual, name) == 0) && state == 'S';
}

/* Runs `child` in a forked child, which ends well. */
static inline void in_child(void (*child)(peers_t *, peers_t *), peers_t *first, peers_t *second) {
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60); /* a child that hangs must not hang the test */
        child(first, second);
        fflush(NULL);
        _exit(0); /* no search for leaks here: what only the parent's threads reach looks lost */
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) FAIL("the child ended with wait status %#x", status);
}

/* A thread in peers_next_event, without limit; and what that returned. */
typedef struct {
    pthread_t thread;
    peers_t *node;
    atomic_int tid;
    int32_t status;
} waiter_t;

static inline void *run_waiter_(void *argument) {
    waiter_t *waiter = argument;
    peers_event_t *event = UNTOUCHED;
    waiter->tid = gettid();
    waiter->status = peers_next_event(waiter->node, -1, &event);
    CHECK(event == UNTOUCHED);
    return NULL;
}

/* Returns when it waits. There must be no event. */
static inline void start_waiter(waiter_t *waiter, peers_t *node) {
    waiter->node = node;
    waiter->tid = 0;
    CHECK(pthread_create(&waiter->thread, NULL, run_waiter_, waiter) == 0);
    while (waiter->tid == 0) sched_yield();
    char thread[16];
    snprintf(thread, sizeof thread, "%d", waiter->tid);
    while (!is_asleep(thread, NULL)) sched_yield();
}

static inline int32_t join_waiter(waiter_t *waiter) {
    CHECK(pthread_join(waiter->thread, NULL) == 0);
    return waiter->status;
}

/* The port that the test chose for this program, or 0. */
static inline uint32_t test_port(void) {
    const char *text = getenv("PEERS_TEST_PORT");
    return text == NULL ? 0 : (uint32_t)atoi(text);
}

/* The limit on descriptors, lowered or raised. */
static inline void limit_descriptors(rlim_t count) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

#endif
