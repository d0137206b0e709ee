// What goes into a node: each option has its effect, and a wrong one a status and words.
#include <string>
#include <vector>

#include "check.hpp"

using namespace std::chrono_literals;
using peers::status;

namespace {

void every_option_has_its_effect() {
    peers::config options = still("garden", "options");
    options.cluster = "flat";
    options.value = std::string("w\0t", 3);
    options.service_port = 8080;
    options.interval = 1s;
    options.expiry = 4s;
    peers::node garden(options);

    options = still("kitchen", "options");
    options.cluster = "flat";
    options.max_peers = 2;
    std::vector<std::string> log;
    options.log_level = peers::level::debug;
    options.log = [&log](peers::level level, std::string_view line) {
        log.emplace_back((level == peers::level::debug ? "debug: " : "info: ") + std::string(line));
    };
    peers::node kitchen(options);
    garden.list();  // it hears the kitchen's question, and answers

    const peers::list list = kitchen.list();
    CHECK(list.size() == 1);
    const peers::peer& peer = list[0];
    CHECK(peer.name == "garden");
    CHECK(peer.value == std::string_view("w\0t", 3));
    CHECK(peer.address == "10.0.0.1");
    CHECK(peer.port == 8080);
    CHECK(peer.id != peers::peer_id{});
    CHECK(peer.source == peers::source::multicast);
    CHECK(peer.age == 0ms);
    CHECK(peer.expires_in == 4s);
    CHECK(log.size() == 2 && log[0].find("info: started \"kitchen\"") == 0);
    CHECK(log[1].find("debug: peer joined: \"garden\"") == 0);

    kitchen.register_peer("lamp");
    kitchen.register_peer("door");  // registrations have as much room as peers
    CHECK(fails(status::full, "stove", [&] { kitchen.register_peer("stove"); }));

    const peers::node stranger(still("stranger", "options"));
    CHECK(stranger.list().empty());  // of another cluster
}

#if __cplusplus >= 202002L
void options_can_be_given_by_name() {
    const peers::node node({.name = "node", .network = "memory:names", .expiry = 40s});
    CHECK(node.list().empty());
}
#endif

void only_those_with_a_key_of_the_cluster_take_part() {
    const peers::key first(std::string(32, '\1')), second(std::string(32, '\2'));
    peers::config options = still("a", "keys");
    options.keys = {first};
    peers::node a(options);
    options.name = "b";
    options.keys = {second};
    peers::node b(options);
    b.set_keys({first, second});
    a.advance(15s);
    for (int turn = 0; turn < 4; ++turn) {  // there and back, twice: each challenges the other
        b.list();
        a.list();
    }
    CHECK(a.list().size() == 1 && b.list().size() == 1);
    a.set_keys({second, first});
    CHECK(fails(status::invalid, "", [&] { a.set_keys({}); }));
    peers::node open(still("open", "keys"));
    CHECK(fails(status::invalid, "", [&] { open.set_keys({first}); }));
    CHECK(open.list().empty());
}

void seeds_find_those_whom_multicast_does_not_reach() {
    peers::config options = still("first", "seeds");
    options.mode = peers::mode::seeds;
    peers::node first(options);
    const peers::node outside(still("outside", "seeds"));
    options.name = "second";
    options.seeds = "10.0.0.1:49153, 10.9.9.9:1";
    peers::node second(options);
    CHECK(first.list().size() == 1 && second.list().size() == 1 && outside.list().empty());
    CHECK(first.list()[0].source == peers::source::unicast && second.list()[0].source == peers::source::unicast);

    second.stop();
    CHECK(first.list().empty());
    options.name = "third";
    options.mode = peers::mode::multicast_and_seeds;
    options.seeds = "";
    options.unicast_port = 49002;
    const peers::node third(options);
    CHECK(first.list().empty() && outside.list().size() == 1);
    first.set_seeds("10.0.0.4:49156");
    CHECK(third.list().size() == 2 && first.list().size() == 1);
    CHECK(fails(status::invalid, "the seed \"nowhere\" has no port", [&] { first.set_seeds("nowhere"); }));
    CHECK(fails(status::invalid, "seeds has a NUL", [&] { first.set_seeds(std::string(1, '\0')); }));
    first.set_seeds("");
    peers::node without(still("without", "seeds"));
    CHECK(fails(status::invalid, "was started without seeds", [&] { without.set_seeds("10.0.0.1:1"); }));
}

void a_key_has_32_bytes_and_is_wiped() {
    CHECK(fails(status::invalid, "this has 31", [] { peers::key(std::string(31, 'k')); }));
    CHECK(fails(status::invalid, "this has 33", [] { peers::key(std::string(33, 'k')); }));
    alignas(peers::key) unsigned char memory[sizeof(peers::key)];
    auto* const key = new (memory) peers::key(std::string(32, 'k'));
    CHECK(memory[0] == 'k' && memory[31] == 'k');
    key->~key();
    for (const unsigned char byte : memory) CHECK(byte == 0);
}

template <class Change>
bool is_refused(status code, std::string_view words, Change change) {
    peers::config options = still("wrong", "wrong");
    change(options);
    return fails(code, words, [&] { peers::node node(options); });
}

void wrong_options_are_refused_in_words() {
    using peers::config;
    CHECK(is_refused(status::invalid, "name has a NUL at byte 1", [](config& it) { it.name = std::string("a\0b", 3); }));
    CHECK(is_refused(status::invalid, "cluster has a NUL", [](config& it) { it.cluster = std::string(1, '\0'); }));
    CHECK(is_refused(status::utf8, "name", [](config& it) { it.name = "\xff"; }));
    CHECK(is_refused(status::too_large, "name", [](config& it) { it.name = std::string(256, 'n'); }));
    CHECK(is_refused(status::too_large, "value", [](config& it) { it.value = std::string(2000, 'v'); }));
    CHECK(is_refused(status::invalid, "interval is -1 ms", [](config& it) { it.interval = -1ms; }));
    CHECK(is_refused(status::invalid, "expiry is 4320000000 ms", [](config& it) { it.expiry = 50 * 24h; }));
    CHECK(is_refused(status::invalid, "9", [](config& it) { it.interval = 9ms; }));
    CHECK(is_refused(status::invalid, "256", [](config& it) { it.hops = 256; }));
    CHECK(is_refused(status::invalid, "65536", [](config& it) { it.port = 65536; }));
    CHECK(is_refused(status::invalid, "65536", [](config& it) { it.service_port = 65536; }));
    CHECK(is_refused(status::invalid, "10.0.0.1", [](config& it) { it.group_v4 = "10.0.0.1"; }));
    CHECK(is_refused(status::invalid, "::1", [](config& it) { it.group_v6 = "::1"; }));
    CHECK(is_refused(status::invalid, "9", [](config& it) { it.log_level = static_cast<peers::level>(9); }));
    CHECK(is_refused(status::invalid, "", [](config& it) { it.network = ""; }));  // the clock needs one
    CHECK(is_refused(status::invalid, "\"192.0.2.1\" has no port", [](config& it) { it.seeds = "192.0.2.1"; }));
    CHECK(is_refused(status::invalid, "does not resolve", [](config& it) { it.seeds = "peers.example:1"; }));
    CHECK(is_refused(status::unsupported, "0x6", [](config& it) { it.mode = static_cast<peers::mode>(6); }));
    CHECK(is_refused(status::invalid, "65536", [](config& it) { it.unicast_port = 65536; }));
    CHECK(is_refused(status::no_such_interface, "nosuch7", [](config& it) {
        it = {};
        it.interfaces = "nosuch7";
    }));
    CHECK(is_refused(status::invalid, "IPv4", [](config& it) {
        it = {};
        it.ipv4 = it.ipv6 = false;
    }));
    const std::vector<peers::key> many(9, peers::key(std::string(32, 'k')));
    CHECK(is_refused(status::invalid, "9", [&](config& it) { it.keys = many; }));
}

}  // namespace

cases configuration_cases() {
    return {
        CASE(every_option_has_its_effect),
#if __cplusplus >= 202002L
        CASE(options_can_be_given_by_name),
#endif
        CASE(only_those_with_a_key_of_the_cluster_take_part),
        CASE(seeds_find_those_whom_multicast_does_not_reach),
        CASE(a_key_has_32_bytes_and_is_wiped),
        CASE(wrong_options_are_refused_in_words),
    };
}
