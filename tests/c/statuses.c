/* Each status of the header, provoked. It prints the name of each, and a test compares them with the header. */

#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define PROVOKE(call, status)      \
    do {                           \
        CHECK_STATUS(call, status); \
        puts(#status);             \
    } while (0)

static peers_t *unused = UNTOUCHED;

static void arguments(void) {
    peers_t *node = start_manual("node", "memory:statuses");
    peers_list_t *list = UNTOUCHED;
    peers_event_t *event = UNTOUCHED;
    static char long_value[4096];
    PROVOKE(peers_list(NULL, &list), PEERS_ERR_NULL);
    PROVOKE(peers_list((peers_t *)untouched_, &list), PEERS_ERR_HANDLE);
    PROVOKE(peers_register(node, "\xff", "", 0, 0), PEERS_ERR_UTF8);
    PROVOKE(peers_register(node, "", "", 0, 0), PEERS_ERR_INVALID);
    PROVOKE(peers_set_value(node, long_value, sizeof long_value), PEERS_ERR_TOO_LARGE);
    PROVOKE(peers_next_event(node, 0, &event), PEERS_ERR_TIMEOUT);
    PROVOKE(peers_unregister(node, "lamp"), PEERS_ERR_NOT_FOUND);
    CHECK_OK(peers_free(node));
}

static void configurations(void) {
    peers_config_t config = memory_config("node", "memory:statuses");
    config.struct_size = 0;
    PROVOKE(peers_start(&config, &unused), PEERS_ERR_SIZE);

    config = memory_config("node", "memory:statuses");
    config.flags |= 0x80000000;
    PROVOKE(peers_start(&config, &unused), PEERS_ERR_UNSUPPORTED);

    config = (peers_config_t)PEERS_CONFIG_INIT;
    config.interfaces = "nosuch7";
    PROVOKE(peers_start(&config, &unused), PEERS_ERR_INTERFACE);

    config = memory_config("node", "memory:statuses");
    config.max_peers = 1;
    peers_t *node = start(&config);
    CHECK_OK(peers_register(node, "lamp", "", 0, 0));
    PROVOKE(peers_register(node, "clock", "", 0, 0), PEERS_ERR_FULL);
    CHECK_OK(peers_free(node));
}

static void a_port_that_is_not_shared(void) {
    int holder = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    CHECK(bind(holder, (struct sockaddr *)&address, length) == 0);
    CHECK(getsockname(holder, (struct sockaddr *)&address, &length) == 0);
    peers_config_t config = PEERS_CONFIG_INIT;
    config.port = ntohs(address.sin_port);
    config.flags = PEERS_NO_IPV6; /* with IPv6 the node would run on that family alone */
    PROVOKE(peers_start(&config, &unused), PEERS_ERR_ADDRESS_IN_USE);
    close(holder);
}

static void no_descriptor_to_be_had(void) {
    peers_config_t config = memory_config("node", "memory:statuses");
    config.flags = 0; /* a thread needs descriptors to be woken by */
    limit_descriptors(0);
    PROVOKE(peers_start(&config, &unused), PEERS_ERR_SYSTEM);
    limit_descriptors(RLIM_INFINITY);
}

static void the_parents_handle(peers_t *parents, peers_t *unused_node) {
    (void)unused_node;
    peers_list_t *list = UNTOUCHED;
    PROVOKE(peers_list(parents, &list), PEERS_ERR_FORKED);
}

/* As in a sandbox: the system refuses to make sockets, whoever asks. */
static void no_sockets_allowed(peers_t *none, peers_t *nor_this) {
    (void)none, (void)nor_this;
    struct sock_filter refuse_socket[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof refuse_socket / sizeof *refuse_socket, .filter = refuse_socket};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    PROVOKE(peers_start(NULL, &unused), PEERS_ERR_PERMISSION);
}

/* Freed while another thread's call is under way. */
static void stopped(void) {
    peers_config_t config = memory_config("node", "memory:statuses");
    config.flags = 0;
    peers_t *node = start(&config);
    waiter_t waiter;
    start_waiter(&waiter, node);
    CHECK_OK(peers_free(node));
    PROVOKE(join_waiter(&waiter), PEERS_ERR_STOPPED);
}

/* A program that closes descriptors it does not own: the node's are the lowest that were free. */
static void failed(void) {
    peers_config_t config = memory_config("node", "memory:statuses");
    config.flags = 0;
    config.interval_ms = 10;
    config.expiry_ms = 100;
    int wake = dup(0);
    CHECK(wake >= 0 && close(wake) == 0);
    peers_t *node = start(&config);
    CHECK(close(wake) == 0);
    peers_event_t *event = UNTOUCHED;
    PROVOKE(peers_next_event(node, -1, &event), PEERS_ERR_FAILED);
    CHECK(dup(0) == wake); /* for the node to close */
    check_calls_on_failed(node, "closed by another part of the program");
    CHECK_OK(peers_free(node));
}

static int32_t freed_in_the_log;

static void free_in_the_log(int32_t level, const char *line, void *context) {
    (void)level, (void)line;
    peers_t *node = *(peers_t **)context;
    if (node != NULL && freed_in_the_log == PEERS_OK) freed_in_the_log = peers_free(node);
}

static void from_its_own_log(void) {
    peers_t *node = NULL;
    peers_config_t config = memory_config("logging", "memory:log");
    config.log = free_in_the_log;
    config.log_context = &node;
    config.log_level = PEERS_LOG_DEBUG;
    CHECK_OK(peers_start(&config, &node));
    peers_t *other = start_manual("other", "memory:log");
    CHECK_OK(peers_advance(node, 1)); /* it hears of the other one, and logs that */
    PROVOKE(freed_in_the_log, PEERS_ERR_DEADLOCK);
    CHECK_OK(peers_free(other));
    CHECK_OK(peers_free(node));
}

int main(void) {
    arguments();
    configurations();
    a_port_that_is_not_shared();
    no_descriptor_to_be_had();
    stopped();
    failed();
    from_its_own_log();
    peers_t *node = start_manual("parent", "memory:statuses");
    in_child(the_parents_handle, node, NULL);
    in_child(no_sockets_allowed, NULL, NULL);
    CHECK_OK(peers_free(node));
    CHECK(unused == UNTOUCHED);
    return 0;
}
