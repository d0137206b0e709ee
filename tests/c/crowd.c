/* Many nodes in one process, which find each other over loopback: the processor time until all know all, beside that of a bare loop that makes
 * the same deliveries. PEERS_TEST_PORT is a port of its own; PEERS_TEST_NODES the number of nodes, 400 if it is not set. */

#include "process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

/* As much processor time as the bare loop, so many times. */
#define MOST_TIMES 10

static uint32_t port;

static double seconds(clockid_t clock) {
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int node_count(void) {
    const char *text = getenv("PEERS_TEST_NODES");
    return text == NULL ? 400 : atoi(text);
}

static peers_t *start_node(int number) {
    char name[16];
    peers_config_t config = PEERS_CONFIG_INIT;
    snprintf(name, sizeof name, "node%d", number);
    config.name = name;
    config.cluster = "crowd";
    config.interfaces = "lo";
    config.flags = PEERS_NO_IPV6;
    config.port = port;
    return start(&config);
}

/* A receiver of the group on loopback. */
static int open_receiver(const struct sockaddr_in *group) {
    int receiver = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    CHECK(receiver >= 0);
    struct ip_mreqn join = {.imr_multiaddr = group->sin_addr, .imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(setsockopt(receiver, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    CHECK(bind(receiver, (const struct sockaddr *)group, sizeof *group) == 0);
    CHECK(setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join) == 0);
    return receiver;
}

/* Sends as many datagrams to the group and to single sockets, receives each, and returns the processor time. */
static double bare_loop(int count, uint64_t sent, uint64_t received) {
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}, single = group;
    struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof single;
    char bytes[1200] = {0};
    /* Each socket receives what is sent to the group, and one socket the rest. */
    uint64_t to_group = (received - sent) / (uint64_t)(count - 1), to_single = sent - to_group;
    CHECK(inet_aton("239.2.3.5", &group.sin_addr) != 0);
    int *receivers = calloc((size_t)count, sizeof *receivers), sender = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(receivers != NULL && sender >= 0);
    CHECK(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) == 0);
    single.sin_addr = loopback;
    single.sin_port = 0;
    CHECK(bind(sender, (struct sockaddr *)&single, len) == 0);
    CHECK(getsockname(sender, (struct sockaddr *)&single, &len) == 0);
    for (int i = 0; i < count; i++) receivers[i] = open_receiver(&group);
    double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
    while (to_group-- > 0) {
        CHECK(sendto(sender, bytes, 60, 0, (struct sockaddr *)&group, sizeof group) == 60);
        for (int i = 0; i < count; i++) CHECK(recv(receivers[i], bytes, sizeof bytes, 0) == 60);
    }
    while (to_single-- > 0) {
        CHECK(sendto(sender, bytes, 60, 0, (struct sockaddr *)&single, sizeof single) == 60);
        CHECK(recv(sender, bytes, sizeof bytes, 0) == 60);
    }
    double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    for (int i = 0; i < count; i++) CHECK(close(receivers[i]) == 0);
    CHECK(close(sender) == 0);
    free(receivers);
    return used;
}

static void all_know_all(void) {
    int count = node_count(), descriptors = open_descriptors();
    peers_t **nodes = calloc((size_t)count, sizeof *nodes);
    CHECK(nodes != NULL);
    double began = seconds(CLOCK_MONOTONIC), before = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < count; i++) nodes[i] = start_node(i);
    for (int i = 0; i < count; i++) wait_until_listed(nodes[i], (size_t)count - 1);
    double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - before, took = seconds(CLOCK_MONOTONIC) - began;
    uint64_t sent = 0, received = 0;
    for (int i = 0; i < count; i++) {
        peers_health_t health = health_of(nodes[i]);
        sent += health.sent;
        received += health.received;
    }
    for (int i = 0; i < count; i++) CHECK_OK(peers_free(nodes[i]));
    free(nodes);
    CHECK(open_descriptors() == descriptors);
    double bare = bare_loop(count, sent, received);
    printf("%d nodes know all after %.1f s; %llu sends, %llu deliveries; processor time %.2f s, of a bare loop %.2f s: %.1f times\n",
           count, took, (unsigned long long)sent, (unsigned long long)received, used, bare, used / bare);
    if (used > MOST_TIMES * bare) FAIL("more than %d times", MOST_TIMES);
}

int main(int count, char **arguments) {
    port = test_port();
    limit_descriptors(RLIM_INFINITY);
    static const case_t cases[] = {
        CASE(all_know_all),
    };
    return RUN_CASES(cases, count, arguments);
}
