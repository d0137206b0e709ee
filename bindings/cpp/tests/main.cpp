// The tests of peers.hpp. Runs the case that the argument names: it ends with 0, or says where a check failed and aborts.

#include "check.hpp"

int main(int, char** arguments) {
    for (const auto& group : {configuration_cases, records_cases, lifetimes_cases})
        for (const auto& [name, run] : group())
            if (name == arguments[1]) return run(), 0;
    std::cerr << "there is no case " << arguments[1] << '\n';
    return 1;
}
