/* Allocations that fail, each of the first ones in turn, in a process of its own: the call returns a status, or the process aborts without a
 * word and with a whole heap. PEERS_TEST_PORT is a port of its own; PEERS_TEST_ALLOCATIONS is how many, 2,000 if it is not set. */

#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/mman.h>

/* The allocator of the C library, which the functions below stand before. */
void *__libc_malloc(size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* A block has bytes of known value before and behind it, and all blocks are in a list. */
typedef struct block {
    struct block *previous, *next;
    void *start;
    size_t size;
    uint64_t mark, padding;
} block_t;

#define MARK 0x5ca1ab1e0ddba115u

static block_t blocks = {.previous = &blocks, .next = &blocks};
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* The number of allocations until one fails; none does from 0 down. */
static atomic_long until_failure;

static void lock(void) {
    while (atomic_flag_test_and_set(&busy)) sched_yield();
}

static void unlock(void) { atomic_flag_clear(&busy); }

static int is_whole(const block_t *block) {
    uint64_t mark;
    memcpy(&mark, (const char *)(block + 1) + block->size, sizeof mark);
    return block->mark == MARK && mark == MARK;
}

static void *allocate(size_t alignment, size_t size) {
    uint64_t mark = MARK;
    if (atomic_fetch_sub(&until_failure, 1) == 1 || size > SIZE_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    if (alignment < alignof(max_align_t)) alignment = alignof(max_align_t);
    size_t room = (sizeof(block_t) + alignment - 1) / alignment * alignment;
    char *start = __libc_memalign(alignment, room + size + sizeof mark);
    if (start == NULL) return NULL;
    block_t *block = (block_t *)(start + room) - 1;
    memcpy(start + room + size, &mark, sizeof mark);
    lock();
    *block = (block_t){.previous = &blocks, .next = blocks.next, .start = start, .size = size, .mark = MARK};
    blocks.next->previous = block;
    blocks.next = block;
    unlock();
    return block + 1;
}

void *malloc(size_t size) { return allocate(1, size); }

void *memalign(size_t alignment, size_t size) { return allocate(alignment, size); }

void *aligned_alloc(size_t alignment, size_t size) { return allocate(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *allocated = allocate(alignment, size);
    if (allocated == NULL) return ENOMEM;
    *block = allocated;
    return 0;
}

void *calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    void *block = allocate(1, count * size);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

void free(void *allocated) {
    block_t *block = (block_t *)allocated - 1;
    if (allocated == NULL) return;
    if (!is_whole(block)) abort();
    lock();
    block->previous->next = block->next;
    block->next->previous = block->previous;
    unlock();
    block->mark = 0;
    __libc_free(block->start);
}

void *realloc(void *allocated, size_t size) {
    void *larger = allocate(1, size);
    if (allocated == NULL || larger == NULL) return larger;
    size_t before = ((block_t *)allocated - 1)->size;
    memcpy(larger, allocated, before < size ? before : size);
    free(allocated);
    return larger;
}

/* How a child ends. */
enum { WORKED = 40, ABORTED, ABORTED_WITH_A_BROKEN_HEAP, NOT_REACHED };

static void end_after_abort(int number) {
    (void)number;
    int is_broken = 0;
    lock();
    for (block_t *block = blocks.next; block != &blocks; block = block->next) is_broken |= !is_whole(block);
    _exit(is_broken ? ABORTED_WITH_A_BROKEN_HEAP : ABORTED);
}

static uint32_t port;

static void ignore_line(int32_t level, const char *message, void *context) {
    (void)level, (void)message, (void)context;
}

/* Each status is allowed, because an allocation of the C library may be the one that fails. */
static void use_a_node(const peers_config_t *config) {
    peers_t *node = NULL;
    if (peers_start(config, &node) != PEERS_OK) return;
    for (int i = 0; i < 60; i++) {
        char key[16];
        peers_list_t *list = NULL;
        peers_event_t *event = NULL;
        snprintf(key, sizeof key, "key%d", i);
        peers_register(node, key, key, sizeof key, 0);
        peers_set_value(node, key, sizeof key);
        if (peers_list(node, &list) == PEERS_OK) peers_list_free(list);
        if (peers_next_event(node, 0, &event) == PEERS_OK) peers_event_free(event);
    }
    peers_set_seeds(node, "127.0.0.1:9");
    peers_register(node, "", "", 0, 0);
    peers_free(node);
}

static void run_child(long number) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = "node";
    config.interfaces = "lo";
    config.port = port;
    config.seeds = "127.0.0.1:9";
    config.log = ignore_line;
    config.log_level = PEERS_LOG_DEBUG;
    signal(SIGABRT, end_after_abort);
    alarm(60);
    until_failure = number;
    while (until_failure > 0) {
        long left = until_failure;
        use_a_node(&config);
        if (until_failure == left) _exit(NOT_REACHED);
    }
    _exit(WORKED);
}

static void each_allocation_fails_once(void) {
    const char *text = getenv("PEERS_TEST_ALLOCATIONS");
    long count = text == NULL ? 2000 : atol(text), aborted = 0, worked = 0;
    int output = memfd_create("output", MFD_CLOEXEC);
    CHECK(output >= 0);
    for (long number = 1; number <= count; number++) {
        fflush(NULL);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            dup2(output, 1);
            dup2(output, 2);
            run_child(number);
        }
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid);
        if (!WIFEXITED(status)) FAIL("allocation %ld: wait status %#x", number, status);
        aborted += WEXITSTATUS(status) == ABORTED;
        worked += WEXITSTATUS(status) == WORKED;
        if (aborted + worked != number) FAIL("allocation %ld: exit status %d", number, WEXITSTATUS(status));
        char words[200] = "";
        if (pread(output, words, sizeof words - 1, 0) > 0) FAIL("allocation %ld: printed \"%s\"", number, words);
    }
    CHECK(close(output) == 0);
    printf("%ld allocations: %ld aborted, %ld were borne\n", count, aborted, worked);
    CHECK(aborted > count / 2);
}

int main(int count, char **arguments) {
    port = test_port();
    static const case_t cases[] = {
        CASE(each_allocation_fails_once),
    };
    return RUN_CASES(cases, count, arguments);
}
