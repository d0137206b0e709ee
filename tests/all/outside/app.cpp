// A program outside the tree, in C++: two nodes on a network in memory, of which one finds the other.

#include <peers.h>

#include <iostream>
#include <memory>
#include <stdexcept>

namespace {

struct Free {
    void operator()(peers_t *node) const { peers_free(node); }
    void operator()(peers_list_t *list) const { peers_list_free(list); }
};

void check(int32_t status) {
    if (status != PEERS_OK) throw std::runtime_error(peers_last_error());
}

std::unique_ptr<peers_t, Free> start(const char *name) {
    peers_config_t config = PEERS_CONFIG_INIT;
    config.name = name;
    config.network = "memory:outside";
    config.flags = PEERS_MANUAL_CLOCK;
    peers_t *node = nullptr;
    check(peers_start(&config, &node));
    return std::unique_ptr<peers_t, Free>(node);
}

}  // namespace

int main() {
    const auto kitchen = start("kitchen"), hall = start("hall");
    peers_list_t *snapshot = nullptr;
    check(peers_list(kitchen.get(), &snapshot));
    const std::unique_ptr<peers_list_t, Free> list(snapshot);
    for (size_t i = 0; i < list->len; i++) std::cout << "found " << peers_list_at(list.get(), i)->name << "\n";
}
