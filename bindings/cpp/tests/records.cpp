// What comes out of a node: lists, events and its health.
#include <poll.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "check.hpp"

using namespace std::chrono_literals;
using peers::event_kind;
using peers::left_reason;

namespace {

bool is_readable(const peers::node& node) {
    pollfd descriptor{node.event_fd(), POLLIN, 0};
    return poll(&descriptor, 1, 0) == 1;
}

bool is_before(const peers::peer& left, std::string_view name) { return left.name < name; }

void a_list_is_a_range_with_random_access() {
    peers::node node(still("node", "range"));
    for (const char* name : {"lamp", "door", "stove"}) node.register_peer(name, name);
    const peers::list list = node.list();
    CHECK(!list.empty() && list.size() == 3);

    using iterator = peers::list::const_iterator;
    using category = std::iterator_traits<iterator>::iterator_category;
    static_assert(std::is_base_of_v<std::random_access_iterator_tag, category>);
    static_assert(std::is_same_v<std::iterator_traits<iterator>::reference, const peers::peer&>);
    const auto stove = std::lower_bound(list.begin(), list.end(), std::string_view("stove"), is_before);
    CHECK(stove == list.begin() + 2 && stove->value == "stove");
    CHECK(std::lower_bound(list.begin(), list.end(), std::string_view("tap"), is_before) == list.end());
    CHECK(std::next(std::make_reverse_iterator(list.end()))->name == "lamp");

    std::vector<std::string> names;
    for (const auto& [name, value, address, port, id, source, interface_index, age, expires_in] : node.list()) {
        CHECK(value == name && address.empty() && port == 0 && id == peers::peer_id{});
        CHECK(source == peers::source::registered && interface_index == 0 && age == 0ms && expires_in == 35s);
        names.emplace_back(name);
    }
    CHECK((names == std::vector<std::string>{"door", "lamp", "stove"}));
}

void a_registration_ends_with_its_ttl() {
    peers::node node(still("node", "ttl"));
    node.register_peer("lamp", std::string_view("o\0n", 3), 2s);
    node.advance(1999ms);
    CHECK(node.list()[0].value == std::string_view("o\0n", 3));
    CHECK(node.list()[0].age == 1999ms && node.list()[0].expires_in == 1ms);
    node.advance(1ms);
    CHECK(node.list().empty());
    using peers::status;
    CHECK(fails(status::invalid, "own name", [&] { node.register_peer("node"); }));
    CHECK(fails(status::invalid, "the name has a NUL at byte 0", [&] { node.register_peer({"\0", 1}); }));
    CHECK(fails(status::invalid, "the ttl is -1 ms", [&] { node.register_peer("lamp", "", -1ms); }));
    CHECK(fails(status::too_large, "", [&] { node.register_peer("lamp", std::string(1025, 'v')); }));
    CHECK(fails(status::invalid, "the time to advance is -1 ms", [&] { node.advance(-1ms); }));
}

void views_live_as_long_as_what_they_are_of() {
    auto* node = new peers::node(still("node", "views"));
    node->register_peer("a lamp with a name that is in no small string", "on");
    peers::list taken = node->list();
    std::optional<peers::event> event = node->next_event(0ms);
    delete node;
    const peers::peer listed = taken[0], told = *event->peer();
    const peers::list list = std::move(taken);
    const peers::event kept = *std::move(event);
    event.reset();
    CHECK(listed.name == "a lamp with a name that is in no small string" && listed.value == "on");
    CHECK(told.name == listed.name && told.value == "on");
    CHECK(list.begin()->name.data() == listed.name.data() && kept.peer()->name.data() == told.name.data());
}

void events_tell_of_those_who_come_change_and_go() {
    peers::node kitchen(still("kitchen", "events"));
    {
        peers::node garden(still("garden", "events"));
        CHECK(is_next(kitchen, event_kind::joined, left_reason::none, "garden"));
        garden.set_value("wet");
        CHECK(is_next(kitchen, event_kind::updated, left_reason::none, "garden"));
        CHECK(fails(peers::status::too_large, "", [&] { garden.set_value(std::string(2000, 'v')); }));
    }
    CHECK(is_next(kitchen, event_kind::left, left_reason::goodbye, "garden"));
    kitchen.register_peer("lamp");
    kitchen.advance(35s);
    CHECK(is_next(kitchen, event_kind::joined, left_reason::none, "lamp"));
    CHECK(is_next(kitchen, event_kind::left, left_reason::expired, "lamp"));
}

void a_wait_has_any_length() {
    peers::node node(still("node", "waits"));
    CHECK(!node.next_event(0ms) && !node.next_event(1ms));
    CHECK(!node.next_event(-1h) && !node.next_event(std::chrono::milliseconds::min()));
    node.register_peer("lamp");
    node.register_peer("door");
    CHECK(node.next_event(std::chrono::milliseconds::max())->peer()->name == "lamp");
    CHECK(node.next_event().peer()->name == "door");

    peers::node waiting(moving("waiting", "long waits"));
    std::thread other([] { const peers::node late(moving("late", "long waits")); });
    const std::chrono::milliseconds beyond_32_bits{std::int64_t{1} << 32};
    CHECK(is_next(waiting, event_kind::joined, left_reason::none, "late", beyond_32_bits));
    other.join();
}

void the_descriptor_is_readable_while_events_wait() {
    peers::node node(still("node", "descriptor"));
    node.list();  // it takes in what it has said itself
    CHECK(!is_readable(node));
    node.register_peer("lamp");
    CHECK(is_readable(node) && node.event_fd() == node.event_fd());
    CHECK(node.next_event(0ms) && !node.next_event(0ms));
    CHECK(!is_readable(node));
}

void a_slow_reader_is_told_to_look_at_the_list() {
    peers::node node(still("node", "slow"));
    for (int number = 0; number <= 1024; ++number) node.register_peer("lamp " + std::to_string(number));
    const std::optional<peers::event> event = node.next_event(0ms);
    CHECK(event->kind() == event_kind::resync && event->reason() == left_reason::none && !event->peer());
    CHECK(node.list().size() == 1025 && node.health().peers == 1025 && node.health().events_lost > 1000);
}

void health_tells_what_was_counted() {
    peers::node kitchen(still("kitchen", "health"));
    CHECK(kitchen.health().state == peers::node_state::running && kitchen.health().detail.empty());
    CHECK(kitchen.health().reason == peers::health_reason::none && kitchen.health().interfaces == 1);
    peers::node garden(still("garden", "health"));
    garden.advance(3s);
    const peers::health health = garden.health();
    CHECK(health.sent > 0 && health.send_errors == 0 && *health.last_send_age == 2s);
    CHECK(kitchen.health().received > 0 && kitchen.health().peers == 1);
}

void texts_are_the_librarys() {
    CHECK(peers::version() == PEERS_VERSION);
    CHECK(peers::to_string(peers::status::full) == peers_strerror(PEERS_ERR_FULL));
    CHECK(peers::to_string(static_cast<peers::status>(-1000)) == "unknown status");
}

}  // namespace

cases records_cases() {
    return {
        CASE(a_list_is_a_range_with_random_access),
        CASE(a_registration_ends_with_its_ttl),
        CASE(views_live_as_long_as_what_they_are_of),
        CASE(events_tell_of_those_who_come_change_and_go),
        CASE(a_wait_has_any_length),
        CASE(the_descriptor_is_readable_while_events_wait),
        CASE(a_slow_reader_is_told_to_look_at_the_list),
        CASE(health_tells_what_was_counted),
        CASE(texts_are_the_librarys),
    };
}
