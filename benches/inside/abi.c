/*
 * What the calls of the C ABI cost: for benches/inside.sh, which compiles this.
 *
 *     abi calls | lists | starts | memory [none|memory|sockets]
 *
 * Prints a JSON object for each figure. Times are medians over rounds.
 */

#include <inttypes.h>
#include <peers.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 31, BATCHES = 1000, CALLS = 100, SMALL_LIST = 10, MOST_THREADS = 4, FEEDERS = 20, PORT = 49771 };

static void fail(const char *what)
{
    fprintf(stderr, "abi: %s: %s\n", what, peers_last_error());
    exit(1);
}

#define CHECK(call)               \
    do {                          \
        if ((call) != PEERS_OK) { \
            fail(#call);          \
        }                         \
    } while (0)

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

static void print_row(const char *group, size_t size, const char *order, const char *unit, double value)
{
    printf("{\"group\":\"%s\",\"system\":\"peers\",\"size\":%zu,\"order\":\"%s\",\"unit\":\"%s\",\"median\":%.1f}\n", group, size,
           order, unit, value);
    fflush(stdout);
}

static peers_t *start(const char *name, const char *network, uint32_t max_peers, uint32_t flags)
{
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.network = network;
    config.max_peers = max_peers;
    config.flags = flags;
    config.port = PORT;
    peers_t *node = NULL;
    CHECK(peers_start(&config, &node));
    return node;
}

/* Whether entries come in the order of their names, as they do not in a network. */
enum order { BY_NAME, AT_RANDOM };

static void fill(peers_t *node, size_t from, size_t to, enum order order)
{
    char key[32], value[84];
    memset(value, 7, sizeof value);
    for (size_t number = from; number < to; number++) {
        /* Odd, so that no two numbers become the same. */
        uint32_t place = order == BY_NAME ? (uint32_t)number : (uint32_t)number * 2654435761U;
        snprintf(key, sizeof key, "entry-%010" PRIu32, place);
        CHECK(peers_register(node, key, value, sizeof value, 3600 * 1000));
    }
}

/* One thread's calls of one kind. */
struct caller {
    peers_t *node;
    int lists;
    char key[32];
    /* Short batches: most of them are not interrupted by other programs. */
    double ns_each[BATCHES];
};

static void *make_calls(void *argument)
{
    struct caller *caller = argument;
    for (int batch = 0; batch < BATCHES; batch++) {
        double begin = now_ns();
        for (int call = 0; call < CALLS; call++) {
            if (caller->lists) {
                peers_list_t *list = NULL;
                CHECK(peers_list(caller->node, &list));
                peers_list_free(list);
            } else {
                CHECK(peers_register(caller->node, caller->key, "value", 5, 3600 * 1000));
            }
        }
        caller->ns_each[batch] = (now_ns() - begin) / CALLS;
    }
    return NULL;
}

/* The median over batches and threads of what one call takes. */
static double time_calls(peers_t *node, int lists, int threads)
{
    static struct caller callers[MOST_THREADS];
    static double times[MOST_THREADS * BATCHES];
    pthread_t ids[MOST_THREADS];
    for (int thread = 0; thread < threads; thread++) {
        callers[thread].node = node;
        callers[thread].lists = lists;
        snprintf(callers[thread].key, sizeof callers[thread].key, "entry-%010d", thread);
        pthread_create(&ids[thread], NULL, make_calls, &callers[thread]);
    }
    for (int thread = 0; thread < threads; thread++) {
        pthread_join(ids[thread], NULL);
        memcpy(&times[thread * BATCHES], callers[thread].ns_each, sizeof callers[thread].ns_each);
    }
    return median(times, (size_t)threads * BATCHES);
}

static atomic_int is_fed;

/* Others on the network announce themselves again and again, as fast as their time can be moved on. */
static void *feed(void *argument)
{
    peers_t **feeders = argument;
    while (atomic_load(&is_fed)) {
        for (int feeder = 0; feeder < FEEDERS; feeder++) {
            CHECK(peers_advance(feeders[feeder], 15000));
        }
    }
    return NULL;
}

static void measure_calls(void)
{
    peers_t *node = start("listener", "memory:calls", 0, 0);
    fill(node, 0, SMALL_LIST, BY_NAME);
    for (int threads = 1; threads <= MOST_THREADS; threads *= 2) {
        print_row("peers_register, by threads", (size_t)threads, "quiet", "ns", time_calls(node, 0, threads));
        print_row("peers_list of 10, by threads", (size_t)threads, "quiet", "ns", time_calls(node, 1, threads));
    }
    peers_t *feeders[FEEDERS];
    for (int feeder = 0; feeder < FEEDERS; feeder++) {
        char name[16];
        snprintf(name, sizeof name, "feeder-%02d", feeder);
        feeders[feeder] = start(name, "memory:calls", 0, PEERS_MANUAL_CLOCK);
    }
    pthread_t feeding;
    atomic_store(&is_fed, 1);
    pthread_create(&feeding, NULL, feed, feeders);
    print_row("peers_register, by threads", 1, "fed", "ns", time_calls(node, 0, 1));
    print_row("peers_list of 10 to 30, by threads", 1, "fed", "ns", time_calls(node, 1, 1));
    atomic_store(&is_fed, 0);
    pthread_join(feeding, NULL);
    for (int feeder = 0; feeder < FEEDERS; feeder++) {
        CHECK(peers_free(feeders[feeder]));
    }
    CHECK(peers_free(node));
}

static double time_list(peers_t *node, size_t expected)
{
    peers_list_t *list = NULL;
    double begin = now_ns();
    CHECK(peers_list(node, &list));
    double taken = now_ns() - begin;
    if (list->len != expected) {
        fail("the list has not the entries that were registered");
    }
    peers_list_free(list);
    return taken / (double)expected;
}

static void measure_lists_of(size_t size, enum order order)
{
    peers_t *node = start("listener", "memory:lists", (uint32_t)size + ROUNDS + 1, 0);
    fill(node, 0, size, order);
    double first = time_list(node, size);
    double changed[ROUNDS], unchanged[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        fill(node, size + round, size + round + 1, order);
        changed[round] = time_list(node, size + round + 1);
        unchanged[round] = time_list(node, size + round + 1);
    }
    static const char *const rows[][3] = {
        [BY_NAME] = {"first", "after a change", "unchanged"},
        [AT_RANDOM] = {"first, random", "after a change, random", "unchanged, random"},
    };
    double figures[] = {first, median(changed, ROUNDS), median(unchanged, ROUNDS)};
    for (int row = 0; row < 3; row++) {
        print_row("peers_list, for an entry", size, rows[order][row], "ns", figures[row]);
    }
    CHECK(peers_free(node));
}

static void measure_lists(void)
{
    static const size_t sizes[] = {10, 1000, 10000};
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        measure_lists_of(sizes[at], BY_NAME);
        measure_lists_of(sizes[at], AT_RANDOM);
    }
}

static void measure_starts_on(const char *network, const char *order)
{
    double starts[ROUNDS], frees[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        peers_t *node = start("starter", network, 0, 0);
        starts[round] = now_ns() - begin;
        begin = now_ns();
        CHECK(peers_free(node));
        frees[round] = now_ns() - begin;
    }
    print_row("peers_start", 1, order, "ns", median(starts, ROUNDS));
    print_row("peers_free", 1, order, "ns", median(frees, ROUNDS));
}

/* Kilobytes that are resident. */
static long resident(void)
{
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "VmRSS: %ld", &kilobytes);
    }
    if (status != NULL) {
        fclose(status);
    }
    return kilobytes;
}

/* A node that has run for a while, beside none. */
static void measure_memory(const char *kind)
{
    peers_t *node = NULL;
    if (strcmp(kind, "none") != 0) {
        node = start("resident", strcmp(kind, "memory") == 0 ? "memory:resident" : NULL, 0, 0);
        struct timespec burst = {.tv_sec = 2, .tv_nsec = 0};
        nanosleep(&burst, NULL);
    }
    print_row("resident memory of a C program", 1, kind, "bytes", (double)resident() * 1024);
    CHECK(peers_free(node));
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "calls") == 0) {
        measure_calls();
    } else if (strcmp(what, "lists") == 0) {
        measure_lists();
    } else if (strcmp(what, "starts") == 0) {
        measure_starts_on("memory:starts", "memory network");
        measure_starts_on(NULL, "sockets");
    } else if (strcmp(what, "memory") == 0 && count == 3) {
        measure_memory(arguments[2]);
    } else {
        fprintf(stderr, "usage: abi calls | lists | starts | memory none|memory|sockets\n");
        return 2;
    }
    return 0;
}
