// How a node ends: by its scope, by a move, by stop(), in its own log function, in a forked child.
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "check.hpp"

using namespace std::chrono_literals;
using peers::event_kind;
using peers::left_reason;
using peers::status;

namespace {

static_assert(!std::is_copy_constructible_v<peers::node> && !std::is_copy_assignable_v<peers::node>);
static_assert(std::is_nothrow_move_constructible_v<peers::node> && std::is_nothrow_move_assignable_v<peers::node>);
static_assert(std::is_nothrow_destructible_v<peers::node>);
static_assert(!std::is_copy_constructible_v<peers::list> && std::is_nothrow_move_constructible_v<peers::list>);
static_assert(!std::is_copy_constructible_v<peers::event> && std::is_nothrow_move_constructible_v<peers::event>);
static_assert(std::is_base_of_v<std::runtime_error, peers::error>);

void a_node_moves_and_one_assigned_over_ends() {
    peers::node observer(still("observer", "moves"));
    peers::node first(still("first", "moves"));
    CHECK(is_next(observer, event_kind::joined, left_reason::none, "first"));
    std::vector<peers::node> nodes;
    nodes.push_back(std::move(first));
    nodes.emplace_back(still("second", "moves"));
    CHECK(is_next(observer, event_kind::joined, left_reason::none, "second"));
    CHECK(nodes[0].list().size() == 2);
    CHECK(fails(status::null, "node", [&] { first.list(); }));
    first.stop();

    nodes[0] = std::move(nodes[1]);
    CHECK(is_next(observer, event_kind::left, left_reason::goodbye, "first"));
    nodes.clear();
    CHECK(is_next(observer, event_kind::left, left_reason::goodbye, "second"));
    CHECK(!observer.next_event(0ms));
}

void the_log_goes_where_the_node_goes() {
    std::vector<std::string> lines;
    peers::config options = still("node", "log");
    options.log = [&lines](peers::level, std::string_view line) { lines.emplace_back(line); };
    {
        peers::node node(std::move(options));
        const peers::node moved(std::move(node));
    }
    CHECK(lines.size() == 2 && lines[0].find("started \"node\"") == 0 && lines[1] == "stopped");
}

void what_a_log_function_throws_is_dropped() {
    int calls = 0;
    for (peers::config options : {still("node", "throws"), moving("node", "throws")}) {
        options.log = [&calls](peers::level, std::string_view) {
            ++calls;
            throw 7;
        };
        peers::node node(std::move(options));
    }
    CHECK(calls == 4);  // two nodes, and each was started and stopped
}

void a_node_that_does_not_start_leaves_nothing() {
    const auto witness = std::make_shared<int>();
    peers::config options = still("node", "nothing");
    options.log = [witness](peers::level, std::string_view) {};
    options.interval = 9ms;
    CHECK(fails(status::invalid, "9", [&] { peers::node node(std::move(options)); }));
    options = {};
    CHECK(witness.use_count() == 1);
}

void stop_ends_a_node_under_other_threads() {
    peers::node node(moving("node", "stop"));
    std::vector<std::thread> waiting;
    for (int number = 0; number < 4; ++number) {
        waiting.emplace_back([&node] {
            try {
                node.next_event();
            } catch (const peers::error& error) {
                // It may not have come to wait yet.
                CHECK(error.status() == status::stopped || error.status() == status::handle);
                return;
            }
            CHECK(false);
        });
    }
    for (int turn = 0; turn < 100; ++turn) CHECK(node.list().empty() && node.health().peers == 0);
    node.stop();
    for (std::thread& thread : waiting) thread.join();
    node.stop();
    CHECK(fails(status::handle, "", [&] { node.list(); }));
    CHECK(fails(status::handle, "", [&] { node.next_event(0ms); }));
    CHECK(fails(status::handle, "", [&] { node.set_value("late"); }));
    CHECK(fails(status::handle, "", [&] { node.event_fd(); }));
    CHECK(fails(status::handle, "", [&] { node.health(); }));
}

void stopped_in_its_own_log_a_node_lives_on() {
    peers::node* in_log = nullptr;
    int refused = 0;
    peers::config options = still("node", "deadlock");
    options.log = [&](peers::level, std::string_view) {
        if (in_log != nullptr && fails(status::deadlock, "log", [&] { in_log->stop(); })) ++refused;
        in_log = nullptr;
    };
    options.log_level = peers::level::debug;
    peers::node node(std::move(options));
    in_log = &node;
    node.register_peer("lamp");
    CHECK(refused == 1 && node.list().size() == 1);
}

void destroyed_in_its_own_log_a_node_ends_when_that_has_returned() {
    std::promise<void> ended;
    std::future<void> end = ended.get_future();
    const auto tell = [&ended](const int* witness) {
        delete witness;
        ended.set_value();
    };
    peers::node observer(moving("observer", "own log"));
    std::unique_ptr<peers::node> node;
    peers::config options = moving("node", "own log");
    options.log_level = peers::level::debug;
    options.log = [&node, witness = std::shared_ptr<int>(new int, tell)](peers::level, std::string_view line) {
        if (line.find("peer joined: \"lamp\"") == std::string_view::npos) return;
        node.reset();
        CHECK(witness.use_count() == 1);  // the function has not gone while it runs
    };
    node = std::make_unique<peers::node>(std::move(options));
    node->register_peer("lamp");
    CHECK(is_next(observer, event_kind::joined, left_reason::none, "node"));
    CHECK(is_next(observer, event_kind::left, left_reason::goodbye, "node"));
    CHECK(end.wait_for(patience) == std::future_status::ready);
}

void a_forked_child_has_no_use_of_a_parents_node() {
    peers::node observer(still("observer", "fork"));
    auto node = std::make_unique<peers::node>(still("node", "fork"));
    const pid_t child = fork();
    if (child == 0) {
        CHECK(fails(status::forked, "", [&] { node->list(); }));
        node.reset();
        const peers::node own(still("own", "fork"));
        CHECK(own.list().empty());
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(observer.list().size() == 1);  // no goodbye was said
}

}  // namespace

cases lifetimes_cases() {
    return {
        CASE(a_node_moves_and_one_assigned_over_ends),
        CASE(the_log_goes_where_the_node_goes),
        CASE(what_a_log_function_throws_is_dropped),
        CASE(a_node_that_does_not_start_leaves_nothing),
        CASE(stop_ends_a_node_under_other_threads),
        CASE(stopped_in_its_own_log_a_node_lives_on),
        CASE(destroyed_in_its_own_log_a_node_ends_when_that_has_returned),
        CASE(a_forked_child_has_no_use_of_a_parents_node),
    };
}
