/* Rust's standard library takes its randomness from here. Wine has this library from its version 9 on; older ones get it
 * from tests/windows.sh. */

#include <windows.h>

#include <ntsecapi.h>

BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
    for (SIZE_T done = 0; done < count;) {
        ULONG part = count - done < MAXLONG ? (ULONG)(count - done) : MAXLONG;
        if (!RtlGenRandom(bytes + done, part)) return FALSE;
        done += part;
    }
    return TRUE;
}
