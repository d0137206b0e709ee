/* The log of a node: what comes, in which order, on which thread, and what its function may call. */

#include "check.h"

#include <pthread.h>
#include <semaphore.h>

/* What a log function was called with, and what it does in the calls. */
typedef struct {
    char text[64 * 1024];
    int lines;
    _Atomic(pthread_t) caller; /* another line may come while it is read */
    peers_t *_Atomic node; /* to be used in the calls, when it is set */
    int has_thread;
    int32_t freeing;
    sem_t freed;
} log_t;

static void keep_line(int32_t level, const char *message, void *context) {
    static const char *const levels[] = {"", "ERROR", "WARN", "INFO", "DEBUG"};
    log_t *log = context;
    CHECK(level >= PEERS_LOG_ERROR && level <= PEERS_LOG_DEBUG);
    CHECK(strpbrk(message, "\n\r\t") == NULL);
    size_t length = strlen(log->text);
    snprintf(log->text + length, sizeof log->text - length, "%s %s\n", levels[level], message);
    log->caller = pthread_self();
    log->lines++;
    peers_t *node = log->node;
    /* Once: of what these calls give to log, some may come when the node is being freed. */
    if (node == NULL || strstr(message, "\"lamp\"") == NULL) return;

    /* Every call on its own node but one. */
    list_len(node);
    health_of(node);
    CHECK_OK(peers_set_value(node, "logged", 6));
    CHECK_OK(peers_register(node, "logged", "", 0, 0));
    int32_t fd = -1;
    CHECK_OK(peers_event_fd(node, &fd));
    CHECK_STATUS(peers_set_keys(node, some_keys_, 1), PEERS_ERR_INVALID); /* it has none */
    CHECK_OK(peers_set_seeds(node, "192.0.2.2:2"));
    CHECK_OK(peers_register(node, "gone", "", 0, 0));
    CHECK_OK(peers_unregister(node, "gone"));
    uint64_t version = 0;
    CHECK_OK(peers_wait(node, version, 0, &version));
    peers_subscription_t *subscription = NULL;
    CHECK_OK(peers_subscribe(node, &subscription));
    CHECK_OK(peers_subscription_free(subscription));
    peers_list_t *self = NULL;
    CHECK_OK(peers_self(node, &self));
    peers_list_free(self);
    CHECK_STATUS(peers_advance(node, 1), log->has_thread ? PEERS_ERR_INVALID : PEERS_OK);
    peers_event_t *event = NULL;
    while (peers_next_event(node, 0, &event) == PEERS_OK) peers_event_free(event);
    log->freeing = peers_free(node);
    sem_post(&log->freed);
}

static log_t *log_to(peers_config_t *config, uint32_t level) {
    log_t *log = calloc(1, sizeof *log);
    CHECK(log != NULL && sem_init(&log->freed, 0, 0) == 0);
    config->log = keep_line;
    config->log_context = log;
    config->log_level = level;
    return log;
}

#define CHECK_LOG(log, expected)                                                              \
    do {                                                                                      \
        if (strcmp((log)->text, (expected)) != 0) FAIL("logged:\n%s", (log)->text);           \
    } while (0)

static void the_log_comes_in_order_and_ends_with_the_node(void) {
    peers_config_t config = memory_config("kitchen", "memory:logging");
    config.cluster = "house";
    log_t *log = log_to(&config, PEERS_LOG_DEBUG);
    peers_t *kitchen = start(&config);
    config.name = "garden";
    log_t *less = log_to(&config, 0);
    peers_t *garden = start(&config);
    config.name = "yard";
    log_t *least = log_to(&config, PEERS_LOG_ERROR);
    peers_t *yard = start(&config);
    CHECK(list_len(kitchen) == 2);
    CHECK_OK(peers_free(yard));
    CHECK_OK(peers_free(garden));
    CHECK(list_len(kitchen) == 0);
    CHECK(pthread_equal(log->caller, pthread_self()));
    CHECK_OK(peers_register(kitchen, "lamp", "", 0, 0));
    CHECK_OK(peers_free(kitchen));

    CHECK_LOG(log,
              "INFO started \"kitchen\" in cluster \"house\": a network in memory, on memory:logging (10.0.0.1)\n"
              "DEBUG peer joined: \"garden\" (10.0.0.2)\n"
              "DEBUG peer joined: \"yard\" (10.0.0.3)\n"
              "DEBUG peer left: \"yard\" (10.0.0.3), goodbye\n"
              "DEBUG peer left: \"garden\" (10.0.0.2), goodbye\n"
              "DEBUG peer joined: \"lamp\" (registered)\n"
              "INFO stopped\n");
    CHECK_LOG(less,
              "INFO started \"garden\" in cluster \"house\": a network in memory, on memory:logging (10.0.0.2)\n"
              "INFO stopped\n");
    CHECK_LOG(least, "");
    free(log), free(less), free(least);
}

static void a_flood_is_none_of_lines(void) {
    peers_config_t config = memory_config("node", "memory:log flood");
    log_t *log = log_to(&config, PEERS_LOG_DEBUG);
    peers_t *node = start(&config);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%d", i);
        CHECK_OK(peers_register(node, key, "", 0, 0));
    }
    CHECK(log->lines == 1 + 100 + 1);
    CHECK(strstr(log->text, "DEBUG more than 100 peers joined or left in a second") != NULL);
    CHECK_OK(peers_advance(node, 1000));
    CHECK_OK(peers_register(node, "after the flood", "", 0, 0));
    CHECK(log->lines == 1 + 100 + 1 + 1);
    CHECK_OK(peers_free(node));
    free(log);
}

/* With a thread the log comes on that, else on the caller's. */
static void make_every_call_but_free_in_the_log_function(uint32_t flags) {
    peers_config_t config = memory_config("node", "memory:log calls");
    config.flags = flags;
    config.mode = PEERS_MODE_MULTICAST | PEERS_MODE_SEEDS;
    log_t *log = log_to(&config, PEERS_LOG_DEBUG);
    peers_t *node = start(&config);
    log->has_thread = flags == 0;
    log->node = node;
    CHECK_OK(peers_register(node, "lamp", "", 0, 0));
    CHECK(sem_wait(&log->freed) == 0);
    CHECK(log->freeing == PEERS_ERR_DEADLOCK);
    CHECK(!pthread_equal(log->caller, pthread_self()) == (flags == 0));
    CHECK(list_len(node) == 2); /* it lives */

    log->node = NULL;
    CHECK_OK(peers_free(node));
    CHECK(strncmp(log->text, "INFO started", 12) == 0);
    const char *end = "INFO stopped\n";
    CHECK(strcmp(log->text + strlen(log->text) - strlen(end), end) == 0);
    CHECK(strstr(log->text, "peer joined: \"logged\"") != NULL);
    free(log);
}

/* The node whose seeds are set in the log function, and how often they were. */
static peers_t *seeded;
static int seeds_set;

static void set_seeds(int32_t level, const char *message, void *context) {
    (void)level, (void)context;
    if (strstr(message, "peer joined") == NULL) return;
    CHECK_OK(peers_set_seeds(seeded, "192.0.2.3:3"));
    seeds_set++;
}

static void seeds_are_set_in_the_log_that_setting_them_delivers(void) {
    peers_config_t config = memory_config("kitchen", "memory:log seeds");
    config.seeds = "192.0.2.1:1";
    config.log = set_seeds;
    config.log_level = PEERS_LOG_DEBUG;
    seeded = start(&config);
    peers_t *garden = start_manual("garden", "memory:log seeds");
    CHECK_OK(peers_set_seeds(seeded, "192.0.2.2:2")); /* it hears of the garden now */
    CHECK(seeds_set == 1);
    CHECK_OK(peers_free(garden));
    CHECK_OK(peers_free(seeded));
}

/* Freed in one thread while the log function of the node is in another: it is not called after that. */
static void no_line_comes_after_free(void) {
    peers_config_t config = memory_config("node", "memory:log end");
    config.flags = 0;
    for (int i = 0; i < 200; i++) {
        log_t *log = log_to(&config, PEERS_LOG_DEBUG);
        peers_t *node = start(&config);
        CHECK_OK(peers_register(node, "lamp", "", 0, 0));
        CHECK_OK(peers_free(node));
        CHECK(log->lines >= 2);
        free(log); /* what a later call would write to; valgrind sees it */
    }
}

static void every_call_but_free_may_be_made_in_the_log_function(void) {
    make_every_call_but_free_in_the_log_function(0);
}

static void every_call_but_free_may_be_made_in_the_log_function_with_a_manual_clock(void) {
    make_every_call_but_free_in_the_log_function(PEERS_MANUAL_CLOCK);
}

int main(int count, char **arguments) {
    static const case_t cases[] = {
        CASE(the_log_comes_in_order_and_ends_with_the_node),
        CASE(a_flood_is_none_of_lines),
        CASE(every_call_but_free_may_be_made_in_the_log_function_with_a_manual_clock),
        CASE(every_call_but_free_may_be_made_in_the_log_function),
        CASE(seeds_are_set_in_the_log_that_setting_them_delivers),
        CASE(no_line_comes_after_free),
    };
    return RUN_CASES(cases, count, arguments);
}
