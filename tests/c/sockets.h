/* The sockets of the system the C tests run on, by the names that POSIX has for them. */

#ifndef SOCKETS_H
#define SOCKETS_H

#ifdef _WIN32

/* After a node has been started: the library has set up the sockets of the process. */
#include <winsock2.h>
#include <ws2tcpip.h>

#define poll WSAPoll
#define close_socket closesocket

/* Here a port is everybody's that asks for it, unless its first holder asks to have it alone. */
static inline int hold_alone(SOCKET socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof on);
}

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define close_socket close

/* A port is its holder's alone, unless it asks to share it. */
static inline int hold_alone(int socket) { return socket < 0 ? -1 : 0; }

#endif

#endif
