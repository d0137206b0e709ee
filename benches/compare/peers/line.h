/* What the C programs of the comparison share: lines on the standard input and output. */

#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads a line without its end, unbuffered, so that poll() tells of the next. False at the end of the input. */
static inline bool read_line(char *line, size_t size) {
    size_t len = 0;
    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n') {
            line[len] = '\0';
            return true;
        }
        if (len + 1 < size) line[len++] = byte;
    }
    return false;
}

static inline void tell(const char *what, const char *name) {
    printf("%s %s\n", what, name);
    fflush(stdout);
}

#endif
