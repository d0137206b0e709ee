// What the tests share: checks that say where they failed, and nodes on networks in memory.
#pragma once

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

#include <peers.hpp>

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            std::cerr << __FILE__ << ':' << __LINE__ << ": not true: " << #condition << '\n'; \
            std::abort();                                                                    \
        }                                                                                    \
    } while (false)

// The cases of a file, by name.
using cases = std::vector<std::pair<std::string_view, void (*)()>>;

#define CASE(function) {#function, function}

cases configuration_cases();
cases records_cases();
cases lifetimes_cases();

// Whether `call` throws an error of this status, with this in its words.
template <class Call>
bool fails(peers::status status, std::string_view words, Call call) {
    try {
        call();
    } catch (const peers::error& error) {
        if (error.status() == status && std::string_view(error.what()).find(words) != std::string_view::npos) return true;
        std::cerr << "it threw " << peers::to_string(error.status()) << ": " << error.what() << '\n';
        return false;
    }
    std::cerr << "it threw nothing\n";
    return false;
}

// Reached only when something hangs.
constexpr std::chrono::minutes patience{2};

// A node on a network of its own, whose time stands still.
inline peers::config still(std::string_view name, std::string_view network) {
    peers::config config;
    config.name = name;
    config.network = "memory:" + std::string(network);
    config.manual_clock = true;
    return config;
}

// One with a thread.
inline peers::config moving(std::string_view name, std::string_view network) {
    peers::config config = still(name, network);
    config.manual_clock = false;
    return config;
}

// Whether the next event comes in time, and is of this kind and reason, and of this peer.
inline bool is_next(peers::node& node, peers::event_kind kind, peers::left_reason reason, std::string_view name,
                    std::chrono::milliseconds timeout = patience) {
    const std::optional<peers::event> event = node.next_event(timeout);
    return event && event->kind() == kind && event->reason() == reason && event->peer() && event->peer()->name == name;
}
