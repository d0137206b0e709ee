/* For LD_PRELOAD: the system's randomness is the same in each process, as in copies of one virtual machine. */
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned int flags);

ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    (void)flags;
    memset(buffer, 7, length);
    return (ssize_t)length;
}
