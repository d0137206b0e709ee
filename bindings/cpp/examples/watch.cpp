// Announces itself, and prints the peers as they come and go, one line each, until SIGINT or SIGTERM, when it says goodbye:
//
//     joined NAME ADDRESS
//     updated NAME ADDRESS
//     left NAME (REASON)      goodbye, expired or unreachable
//     resync                  events were lost; what follows builds on node.list()
//
// Build: c++ -std=c++17 watch.cpp -o watch -lpeers
// Ends with 0 after a signal, 1 after an error, 2 when it was called wrongly.

#include <poll.h>
#include <signal.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <peers.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;

namespace {

struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

volatile sig_atomic_t is_ended = 0;

void end(int) { is_ended = 1; }

// Lets the signals come during the wait alone, so that none falls between check and wait. Returns the mask for the wait.
sigset_t hold_signals() {
    sigset_t ending, before;
    sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM}) {
        struct sigaction action = {};
        action.sa_handler = end;
        sigaction(signal, &action, nullptr);
        sigaddset(&ending, signal);
    }
    sigprocmask(SIG_BLOCK, &ending, &before);
    return before;
}

std::uint32_t number(const std::string& option, std::string_view text) {
    std::uint32_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || rest != text.data() + text.size())
        throw usage_error(option + " " + std::string(text) + ": a number from 0 to 4294967295 is needed");
    return value;
}

peers::config read_options(int count, char** arguments) {
    peers::config config;
    for (int i = 1; i < count; i += 2) {
        const std::string option = arguments[i];
        if (option == "--verbose") {
            config.log_level = peers::level::debug;
            config.log = [](peers::level, std::string_view line) { std::cerr << line << std::endl; };
            --i;  // it has no value
            continue;
        }
        if (i + 1 == count) throw usage_error(option + " has no value");
        const char* value = arguments[i + 1];
        if (option == "--name") config.name = value;
        else if (option == "--cluster") config.cluster = value;
        else if (option == "--value") config.value = value;
        else if (option == "--interfaces") config.interfaces = value;
        else if (option == "--interval") config.interval = std::chrono::milliseconds(number(option, value));
        else if (option == "--expiry") config.expiry = std::chrono::milliseconds(number(option, value));
        else if (option == "--port") config.port = number(option, value);
        else if (option == "--seeds") config.seeds = value;
        else if (option == "--unicast-port") config.unicast_port = number(option, value);
        else throw usage_error(option + ": there is no such option");
    }
    return config;
}

std::string_view words(peers::left_reason reason) {
    switch (reason) {
        case peers::left_reason::goodbye: return "goodbye";
        case peers::left_reason::expired: return "expired";
        case peers::left_reason::unreachable: return "unreachable";
        default: return "another reason";  // of a later version
    }
}

void print(const peers::event& event) {
    const auto& peer = event.peer();
    switch (event.kind()) {
        case peers::event_kind::joined: std::cout << "joined " << peer->name << ' ' << peer->address << std::endl; break;
        case peers::event_kind::updated: std::cout << "updated " << peer->name << ' ' << peer->address << std::endl; break;
        case peers::event_kind::left: std::cout << "left " << peer->name << " (" << words(event.reason()) << ')' << std::endl; break;
        case peers::event_kind::resync: std::cout << "resync" << std::endl; break;
        default: break;  // a kind of a later version
    }
}

void watch(peers::node& node, const sigset_t& while_waiting) {
    pollfd events{node.event_fd(), POLLIN, 0};
    while (!is_ended) {
        if (ppoll(&events, 1, nullptr, &while_waiting) <= 0) continue;
        while (const auto event = node.next_event(0ms)) print(*event);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const sigset_t while_waiting = hold_signals();
        peers::node node(read_options(argc, argv));
        watch(node, while_waiting);
        return 0;  // and the node says goodbye
    } catch (const usage_error& error) {
        std::cerr << "watch: " << error.what() << "\nusage: watch [--name NAME] [--cluster NAME] [--value TEXT] "
                  << "[--interval MS] [--expiry MS] [--port PORT] [--interfaces LIST] [--seeds LIST] [--unicast-port PORT] [--verbose]\n";
        return 2;
    } catch (const peers::error& error) {
        std::cerr << "watch: " << error.what() << '\n';
        return 1;
    }
}
