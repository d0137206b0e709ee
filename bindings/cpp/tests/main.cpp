// The tests of peers.hpp. Ends with 0, or says where a check failed and aborts.

void test_configuration();
void test_records();
void test_lifetimes();

int main() {
    test_configuration();
    test_records();
    test_lifetimes();
}
