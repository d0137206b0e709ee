/* Avahi as a peer of the comparison: `avahi NAME ADDRESS`, a client of the daemon that avahi.sh starts. What the lines
 * mean is in benches/compare/README.md. */

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <stdlib.h>

#include "line.h"

#define SERVICE "_peers-cmp._udp"

static AvahiSimplePoll *loop;

static void fail(int error) {
    fprintf(stderr, "%s\n", avahi_strerror(error));
    exit(1);
}

static void on_state(AvahiClient *client, AvahiClientState state, void *is_running) {
    if (state == AVAHI_CLIENT_FAILURE) fail(avahi_client_errno(client));
    *(bool *) is_running = state == AVAHI_CLIENT_S_RUNNING;
}

static void on_resolved(AvahiServiceResolver *resolver, AvahiIfIndex interface, AvahiProtocol protocol,
                        AvahiResolverEvent event, const char *name, const char *type, const char *domain,
                        const char *host, const AvahiAddress *address, uint16_t port, AvahiStringList *text,
                        AvahiLookupResultFlags flags, void *data) {
    (void) interface, (void) protocol, (void) type, (void) domain, (void) host, (void) address, (void) port;
    (void) text, (void) flags, (void) data;
    if (event == AVAHI_RESOLVER_FOUND) tell("joined", name);
    avahi_service_resolver_free(resolver);
}

static void on_browsed(AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                       AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
                       AvahiLookupResultFlags flags, void *client) {
    (void) browser, (void) flags;
    // The name alone is of no use: a peer is known when its address is.
    if (event == AVAHI_BROWSER_NEW &&
        !avahi_service_resolver_new(client, interface, protocol, name, type, domain, AVAHI_PROTO_UNSPEC, 0, on_resolved, NULL))
        fail(avahi_client_errno(client));
    if (event == AVAHI_BROWSER_REMOVE) tell("left", name);
}

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *data) {
    (void) group, (void) data;
    if (state == AVAHI_ENTRY_GROUP_COLLISION) fail(AVAHI_ERR_COLLISION);
}

static void on_input(AvahiWatch *watch, int input, AvahiWatchEvent event, void *data) {
    (void) watch, (void) input, (void) event, (void) data;
    avahi_simple_poll_quit(loop);
}

static void announce(AvahiClient *client, const char *name) {
    AvahiEntryGroup *group = avahi_entry_group_new(client, on_group, NULL);
    if (!group) fail(avahi_client_errno(client));
    int status = avahi_entry_group_add_service(group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, name, SERVICE, NULL, NULL, 9, NULL);
    if (status >= 0) status = avahi_entry_group_commit(group);
    if (status < 0) fail(status);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    char line[64];
    int error;
    bool is_running = false;
    loop = avahi_simple_poll_new();
    const AvahiPoll *poll = avahi_simple_poll_get(loop);
    AvahiClient *client = avahi_client_new(poll, AVAHI_CLIENT_NO_FAIL, on_state, &is_running, &error);
    if (!client) fail(error);
    // The daemon runs, and has its host name, before any program asks it.
    while (!is_running) avahi_simple_poll_iterate(loop, -1);
    puts("ready");
    fflush(stdout);
    read_line(line, sizeof line);

    if (!avahi_service_browser_new(client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, SERVICE, NULL, 0, on_browsed, client))
        fail(avahi_client_errno(client));
    announce(client, argv[1]);
    tell("started", argv[1]);
    poll->watch_new(poll, STDIN_FILENO, AVAHI_WATCH_IN, on_input, NULL);
    avahi_simple_poll_loop(loop);
    avahi_client_free(client);
    return 0;
}
