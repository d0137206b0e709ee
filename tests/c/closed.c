/* Programs that close, change or read descriptors of a node, or lower the limit on descriptors. */

#include "process.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#define NUMBERS 64

/* Nobody else is heard on it. */
static uint32_t port;

static peers_t *start_node(const char *name, uint32_t interval_ms) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.cluster = "closed";
    config.interfaces = "lo";
    config.port = port;
    config.interval_ms = interval_ms;
    config.expiry_ms = 20 * interval_ms;
    return start(&config);
}

/* A file of the program under a number that a node had, or none. */
typedef enum { PAIR, UDP, EVENT, TIMER, NONE, KINDS } kind_t;

typedef struct {
    int number, other;
    struct stat stat;
} file_t;

static int open_file(kind_t kind, int *other) {
    int pair[2];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    switch (kind) {
    case PAIR:
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
        CHECK(send(pair[1], "unread", 6, 0) == 6);
        *other = pair[1];
        return pair[0];
    case UDP:
        pair[0] = socket(AF_INET, SOCK_DGRAM, 0);
        CHECK(bind(pair[0], (struct sockaddr *)&here, len) == 0);
        CHECK(getsockname(pair[0], (struct sockaddr *)&here, &len) == 0);
        CHECK(connect(pair[0], (struct sockaddr *)&here, len) == 0);
        CHECK(send(pair[0], "unread", 6, 0) == 6);
        return pair[0];
    case EVENT: return eventfd(0, EFD_NONBLOCK);
    default: return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
    }
}

/* The file is open, was not read, and was not written. */
static void check_untouched(kind_t kind, const file_t *file) {
    struct stat stat;
    char bytes[16];
    uint64_t count;
    struct itimerspec setting;
    if (kind == NONE) {
        CHECK(fstat(file->number, &stat) < 0);
        return;
    }
    CHECK(fstat(file->number, &stat) == 0);
    CHECK(stat.st_dev == file->stat.st_dev && stat.st_ino == file->stat.st_ino);
    switch (kind) {
    case PAIR: CHECK(recv(file->other, bytes, sizeof bytes, MSG_DONTWAIT) < 0); /* fall through */
    case UDP:
        CHECK(recv(file->number, bytes, sizeof bytes, MSG_DONTWAIT) == 6);
        CHECK(recv(file->number, bytes, sizeof bytes, MSG_DONTWAIT) < 0);
        return;
    case EVENT: CHECK(read(file->number, &count, sizeof count) < 0); return;
    default:
        CHECK(timerfd_gettime(file->number, &setting) == 0);
        CHECK(setting.it_value.tv_sec == 0 && setting.it_value.tv_nsec == 0);
    }
}

/* Closes all descriptors from `first` on but the three standard ones, and has files of the program under their numbers. */
static int replace_all(kind_t kind, file_t *files) {
    int numbers[NUMBERS], count = 0;
    for (int number = 3; number < NUMBERS; number++) {
        if (fcntl(number, F_GETFD) >= 0) numbers[count++] = number;
    }
    for (int i = 0; i < count; i++) CHECK(close(numbers[i]) == 0);
    for (int i = 0; i < count; i++) {
        files[i] = (file_t){.number = numbers[i], .other = -1};
        if (kind == NONE) continue;
        int number = open_file(kind, &files[i].other);
        /* What it holds besides goes out of the way. */
        if (files[i].other >= 0) {
            int high = fcntl(files[i].other, F_DUPFD, NUMBERS);
            CHECK(high >= 0 && close(files[i].other) == 0);
            files[i].other = high;
        }
        if (number != numbers[i]) CHECK(dup2(number, numbers[i]) == numbers[i] && close(number) == 0);
        CHECK(fstat(numbers[i], &files[i].stat) == 0);
    }
    return count;
}

static kind_t kind_to_try;

/* The node finds out within an interval, and touches no file of the program. */
static void a_node_that_lost_its_descriptors_fails(peers_t *unused, peers_t *unused_too) {
    (void)unused, (void)unused_too;
    file_t files[NUMBERS];
    peers_t *node = start_node("victim", 100);
    int32_t fd;
    CHECK_OK(peers_event_fd(node, &fd));
    int count = replace_all(kind_to_try, files);
    CHECK(count >= 7); /* sockets, the monitor, the waker, the event descriptor */
    peers_event_t *event = UNTOUCHED;
    int32_t status = peers_next_event(node, 30000, &event);
    CHECK_STATUS(status, PEERS_ERR_FAILED);
    check_calls_on_failed(node, "closed by another part of the program");
    CHECK_OK(peers_free(node));
    wait_until_threads_are(3); /* the test's own, and the two names of the folder itself */
    for (int i = 0; i < count; i++) check_untouched(kind_to_try, &files[i]);
}

/* peers_free does not wait for the next announcement, which is an hour away. */
static void a_node_that_lost_its_descriptors_is_freed(peers_t *unused, peers_t *unused_too) {
    (void)unused, (void)unused_too;
    file_t files[NUMBERS];
    peers_t *node = start_node("victim", 3600000);
    CHECK_OK(peers_register(node, "lamp", "", 0, 0));
    int count = replace_all(kind_to_try, files);
    CHECK_OK(peers_free(node));
    for (int i = 0; i < count; i++) check_untouched(kind_to_try, &files[i]);
}

/* A child that has closed what it inherited, and has files of its own under the numbers: freeing the node touches none. */
static void free_in_a_child_with_its_own_files(peers_t *node, peers_t *unused) {
    (void)unused;
    file_t files[NUMBERS];
    int count = replace_all(kind_to_try, files);
    CHECK_OK(peers_free(node));
    CHECK_STATUS(peers_free(node), PEERS_ERR_HANDLE);
    for (int i = 0; i < count; i++) check_untouched(kind_to_try, &files[i]);
}

static void a_forked_child_frees_the_node(void) {
    peers_t *node = start_node("parent", 3600000);
    int32_t fd;
    CHECK_OK(peers_event_fd(node, &fd));
    for (kind_t kind = 0; kind < KINDS; kind++) {
        kind_to_try = kind;
        in_child(free_in_a_child_with_its_own_files, node, NULL);
    }
    CHECK(health_of(node).state == PEERS_STATE_RUNNING);
    CHECK_OK(peers_free(node));
}

static void free_a_failed_node(peers_t *node, peers_t *unused) {
    (void)unused;
    CHECK_OK(peers_free(node));
    CHECK_STATUS(peers_free(node), PEERS_ERR_HANDLE);
}

/* The thread of such a node has ended before the fork. */
static void a_failed_node_is_freed_in_a_child(peers_t *unused, peers_t *unused_too) {
    (void)unused, (void)unused_too;
    file_t files[NUMBERS];
    peers_t *node = start_node("victim", 100);
    replace_all(EVENT, files);
    peers_event_t *event = UNTOUCHED;
    CHECK_STATUS(peers_next_event(node, 30000, &event), PEERS_ERR_FAILED);
    wait_until_threads_are(3);
    in_child(free_a_failed_node, node, NULL);
    CHECK_OK(peers_free(node));
}

static void a_failed_node_in_a_child(void) { in_child(a_failed_node_is_freed_in_a_child, NULL, NULL); }

static int is_readable(int32_t fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    CHECK(poll(&poll_fd, 1, 0) >= 0);
    return poll_fd.revents != 0;
}

static void take_event(peers_t *node) {
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(node, 0, &event));
    peers_event_free(event);
}

static void an_event_descriptor_made_blocking(void) {
    peers_t *node = start_manual("node", "memory:blocking");
    int32_t fd;
    CHECK_OK(peers_event_fd(node, &fd));
    CHECK(fcntl(fd, F_SETFL, 0) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(peers_register(node, i % 2 ? "one" : "two", &i, sizeof i, 0));
        CHECK(is_readable(fd));
        take_event(node);
        CHECK(!is_readable(fd));
    }
    CHECK_OK(peers_free(node));
}

/* What the program reads there means nothing, and is written again as long as events wait. */
static void an_event_descriptor_that_the_program_reads(void) {
    peers_t *node = start_manual("node", "memory:read");
    char bytes[64];
    int32_t fd;
    CHECK_OK(peers_event_fd(node, &fd));
    CHECK_OK(peers_register(node, "one", "", 0, 0));
    CHECK_OK(peers_register(node, "two", "", 0, 0));
    CHECK(read(fd, bytes, sizeof bytes) >= 0);
    take_event(node);
    CHECK(is_readable(fd));
    CHECK(read(fd, bytes, sizeof bytes) >= 0);
    CHECK_OK(peers_register(node, "three", "", 0, 0));
    CHECK(is_readable(fd));
    take_event(node);
    take_event(node);
    CHECK(!is_readable(fd));
    CHECK_OK(peers_free(node));
}

/* The value of a peer arrives, and the node goes on to announce. */
static rlim_t limit_to_try;

static void a_lowered_limit_changes_nothing(peers_t *unused, peers_t *unused_too) {
    (void)unused, (void)unused_too;
    peers_t *one = start_node("one", 100), *two = start_node("two", 100);
    peers_event_t *event = NULL;
    CHECK_OK(peers_next_event(one, 30000, &event));
    peers_event_free(event);
    limit_descriptors(limit_to_try);
    uint64_t sent = health_of(one).sent;
    CHECK_OK(peers_set_value(two, "new", 3));
    CHECK_OK(peers_next_event(one, 30000, &event));
    CHECK(event->kind == PEERS_EVENT_UPDATED && event->peer->value_len == 3);
    peers_event_free(event);
    while (health_of(one).sent < sent + 20) {
        CHECK(health_of(one).state == PEERS_STATE_RUNNING);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    CHECK_OK(peers_free(two));
    CHECK_OK(peers_next_event(one, 30000, &event));
    CHECK(event->kind == PEERS_EVENT_LEFT && event->reason == PEERS_LEFT_GOODBYE);
    peers_event_free(event);
    CHECK_OK(peers_free(one));
}

static void all_replaced_by(kind_t kind) {
    kind_to_try = kind;
    in_child(a_node_that_lost_its_descriptors_fails, NULL, NULL);
    in_child(a_node_that_lost_its_descriptors_is_freed, NULL, NULL);
}

static void all_replaced_by_socket_pairs(void) { all_replaced_by(PAIR); }

static void all_replaced_by_udp_sockets(void) { all_replaced_by(UDP); }

static void all_replaced_by_events(void) { all_replaced_by(EVENT); }

static void all_replaced_by_timers(void) { all_replaced_by(TIMER); }

static void all_closed(void) { all_replaced_by(NONE); }

static void a_limit_lowered_to(rlim_t limit) {
    limit_to_try = limit;
    in_child(a_lowered_limit_changes_nothing, NULL, NULL);
}

static void a_limit_lowered_to_0(void) { a_limit_lowered_to(0); }

static void a_limit_lowered_to_4(void) { a_limit_lowered_to(4); }

int main(int count, char **arguments) {
    port = test_port();
    static const case_t cases[] = {
        CASE(all_closed),
        CASE(all_replaced_by_socket_pairs),
        CASE(all_replaced_by_udp_sockets),
        CASE(all_replaced_by_events),
        CASE(all_replaced_by_timers),
        CASE(a_forked_child_frees_the_node),
        CASE(a_failed_node_in_a_child),
        CASE(an_event_descriptor_made_blocking),
        CASE(an_event_descriptor_that_the_program_reads),
        CASE(a_limit_lowered_to_0),
        CASE(a_limit_lowered_to_4),
    };
    return RUN_CASES(cases, count, arguments);
}
