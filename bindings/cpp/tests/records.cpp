// What comes out of a node: lists, events and its health.
#include <poll.h>

#include <algorithm>
#include <iterator>
#include <memory>
#if __cplusplus >= 202002L
#include <ranges>
#endif
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
#if __cplusplus >= 202002L
    static_assert(std::ranges::random_access_range<peers::list> && std::ranges::sized_range<peers::list>);
    const auto open = [](const peers::peer& peer) { return peer.value == "door"; };
    CHECK(std::ranges::count_if(list, open) == 1 && std::ranges::find_if(list, open)->name == "door");
#endif
    const auto stove = std::lower_bound(list.begin(), list.end(), std::string_view("stove"), is_before);
    CHECK(stove == list.begin() + 2 && stove->value == "stove");
    CHECK(std::lower_bound(list.begin(), list.end(), std::string_view("tap"), is_before) == list.end());
    CHECK(std::next(std::make_reverse_iterator(list.end()))->name == "lamp");

    std::vector<std::string> names;
    for (const peers::peer& peer : node.list()) {
        CHECK(peer.value == peer.name && peer.address.empty() && peer.port == 0 && peer.id == peers::peer_id{});
        CHECK(peer.source == peers::source::registered && peer.interface_index == 0);
        CHECK(peer.age == 0ms && peer.expires_in == 35s);
        CHECK(peer.addresses.empty() && peer.addresses_validated == 0);
        names.emplace_back(peer.name);
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

bool has_role(const peers::peer& peer, std::string_view role) { return peers::txt::get(peer.value, "role") == role; }

void a_wait_ends_when_the_list_is_as_wanted() {
    peers::node node(moving("node", "wanted"));
    const auto has_worker = [](const peers::list& list) {
        return std::any_of(list.begin(), list.end(), [](const peers::peer& peer) { return has_role(peer, "worker"); });
    };
    CHECK(!node.wait_until(has_worker, 0ms) && !node.wait_until(has_worker, 1ms) && !node.wait_until(has_worker, -1h));
    node.register_peer("lamp", "role=worker");
    std::thread other([&] { node.register_peer("door", peers::txt().put("role", "worker").bytes()); });
    const std::optional<peers::list> found = node.wait_until(has_worker, std::chrono::milliseconds::max());
    other.join();
    CHECK(found && found->size() == 2 && has_role((*found)[0], "worker"));
    CHECK(node.wait(0, 0ms) == found->version() && !node.wait(found->version(), 0ms));
}

void stopping_ends_a_wait_for_the_list() {
    peers::node node(moving("node", "stopped wait"));
    std::thread other;
    // It stops the node when the first look is over: before or in the midst of the wait.
    const auto never = [&](const peers::list&) {
        other = std::thread([&] { node.stop(); });
        return false;
    };
    try {
        node.wait_until(never, patience);
        CHECK(false);
    } catch (const peers::error& error) {
        CHECK(error.status() == peers::status::stopped || error.status() == peers::status::handle);
    }
    other.join();
}

void a_node_knows_itself() {
    peers::config options = still("kitchen", "self");
    options.value = "warm";
    options.service_port = 8080;
    const peers::node node(options);
    const peers::list own = node.self();
    CHECK(own.size() == 1 && own.version() == 0 && own[0].name == "kitchen" && own[0].value == "warm");
    CHECK(own[0].port == 8080 && own[0].source == peers::source::self && own[0].id != peers::peer_id{});
    CHECK((own[0].addresses == std::vector<std::string_view>{"10.0.0.1"}) && own[0].addresses_validated == 1);
}

void an_observer_lists_and_is_not_listed() {
    const peers::node node(still("node", "observer"));
    peers::config options = still("observer", "observer");
    options.observer = true;
    const peers::node observer(options);
    CHECK(node.list().empty());
    CHECK(observer.list().size() == 1);
}

void an_entry_has_a_place_until_it_is_unregistered() {
    peers::node node(still("node", "entries"));
    peers::entry lamp;
    lamp.name = "lamp";
    lamp.value = "on";
    lamp.address = "192.0.2.7";
    lamp.port = 80;
    lamp.ttl = 2s;
    node.register_peer(lamp);
    const peers::list list = node.list();
    CHECK(list[0].address == "192.0.2.7" && list[0].port == 80 && list[0].value == "on" && list[0].expires_in == 2s);
    CHECK((list[0].addresses == std::vector<std::string_view>{"192.0.2.7"}));
    lamp.address = "nowhere";
    CHECK(fails(peers::status::invalid, "nowhere", [&] { node.register_peer(lamp); }));
    node.unregister_peer("lamp");
    CHECK(fails(peers::status::not_found, "lamp", [&] { node.unregister_peer("lamp"); }));
    CHECK(is_next(node, event_kind::joined, left_reason::none, "lamp"));
    CHECK(is_next(node, event_kind::left, left_reason::unregistered, "lamp"));
}

void each_subscription_gets_every_event() {
    auto node = std::make_unique<peers::node>(still("node", "subscriptions"));
    peers::subscription one = node->subscribe(), other = node->subscribe();
    CHECK(one.event_fd() != other.event_fd() && one.event_fd() != node->event_fd());
    node->register_peer("lamp");
    CHECK(one.next_event(0ms)->peer()->name == "lamp" && other.next_event().peer()->name == "lamp");
    CHECK(!one.next_event(0ms) && node->next_event(0ms));
    const peers::subscription moved = std::move(one);
    node.reset();
    CHECK(fails(peers::status::stopped, "", [&] { other.next_event(); }));
}

void key_values_are_written_and_read() {
    peers::txt txt;
    txt.put("role", "a").put("empty", "").put("ROLE", std::string_view("b\0", 2));
    CHECK(txt.bytes() == std::string_view("\x06" "empty=\x07" "ROLE=b\0", 15));
    CHECK(peers::txt::get(txt.bytes(), "Role") == std::string_view("b\0", 2) && peers::txt::get(txt.bytes(), "empty") == "");
    CHECK(!peers::txt::get(txt.bytes(), "none") && !peers::txt::get("no pairs", "role"));
    CHECK(fails(peers::status::invalid, "a=b", [&] { txt.put("a=b", ""); }));
    CHECK(fails(peers::status::too_large, "", [&] { txt.put("key", std::string(252, 'v')); }));
    CHECK(txt.bytes().size() == 15);
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
        CASE(a_wait_ends_when_the_list_is_as_wanted),
        CASE(stopping_ends_a_wait_for_the_list),
        CASE(a_node_knows_itself),
        CASE(an_observer_lists_and_is_not_listed),
        CASE(an_entry_has_a_place_until_it_is_unregistered),
        CASE(each_subscription_gets_every_event),
        CASE(key_values_are_written_and_read),
        CASE(the_descriptor_is_readable_while_events_wait),
        CASE(a_slow_reader_is_told_to_look_at_the_list),
        CASE(health_tells_what_was_counted),
        CASE(texts_are_the_librarys),
    };
}
