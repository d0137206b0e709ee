/*
 * Runs a program, of which the system refuses calls: as an old kernel, a sandbox or a lack of resources does.
 *
 * usage: refuse RULES CALL,CALL... PROGRAM ARGUMENT...
 *        refuse UNIT PROGRAM ARGUMENT...
 *
 * RULES is a file that may change while the program runs. Each line of it refuses a call with an error: "EPERM recvmmsg". Numbers
 * behind the call are arguments that it must have: "ENOPROTOOPT setsockopt * 41 29" refuses one option, a star stands for any.
 * Only the calls named after RULES can be refused.
 *
 * UNIT is a file of systemd, whose name ends with ".service". Its SystemCallFilter and RestrictAddressFamilies apply, and the calls
 * that systemd always allows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct named { const char *name; long number; };

/* Each call by its name. Some machines lack some of them. */
static const struct named calls[] = {
#define CALL(name) { #name, SYS_##name }
    CALL(bind), CALL(brk), CALL(clock_getres), CALL(clock_gettime), CALL(clock_nanosleep), CALL(clone), CALL(clone3),
    CALL(close), CALL(close_range), CALL(connect), CALL(copy_file_range), CALL(dup), CALL(epoll_pwait2), CALL(execve),
    CALL(exit), CALL(exit_group), CALL(faccessat), CALL(faccessat2), CALL(fcntl), CALL(fstat), CALL(futex), CALL(getcwd),
    CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getpid), CALL(getppid), CALL(getrandom), CALL(getsockname),
    CALL(getsockopt), CALL(gettid), CALL(gettimeofday), CALL(getuid), CALL(io_uring_setup), CALL(ioctl), CALL(lseek),
    CALL(madvise), CALL(membarrier), CALL(memfd_create), CALL(mmap), CALL(mprotect), CALL(mremap), CALL(munmap),
    CALL(nanosleep), CALL(newfstatat), CALL(openat), CALL(openat2), CALL(pidfd_open), CALL(ppoll), CALL(prctl),
    CALL(pread64), CALL(preadv2), CALL(prlimit64), CALL(pwritev2), CALL(read), CALL(readlinkat), CALL(recvfrom),
    CALL(recvmmsg), CALL(recvmsg), CALL(renameat2), CALL(restart_syscall), CALL(rseq), CALL(rt_sigaction),
    CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait), CALL(sched_getaffinity), CALL(sched_yield),
    CALL(sendmmsg), CALL(sendmsg), CALL(sendto), CALL(set_robust_list), CALL(set_tid_address), CALL(setsockopt),
    CALL(sigaltstack), CALL(socket), CALL(socketpair), CALL(statx), CALL(tgkill), CALL(timerfd_create),
    CALL(timerfd_gettime), CALL(timerfd_settime), CALL(uname), CALL(write), CALL(writev),
#ifdef SYS_poll
    CALL(access), CALL(arch_prctl), CALL(poll), CALL(readlink), CALL(time),
#endif
};

/* What systemd adds to every SystemCallFilter, as far as it is above. */
static const char always[] =
    "arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit exit_group futex getegid geteuid getgid getpid "
    "getppid getrandom gettid gettimeofday getuid membarrier mmap mprotect munmap nanosleep prlimit64 restart_syscall rseq "
    "rt_sigreturn sched_getaffinity sched_yield set_robust_list set_tid_address time";

static const struct named errors[] = {
    { "ENOSYS", ENOSYS }, { "EPERM", EPERM }, { "EINVAL", EINVAL }, { "ENOPROTOOPT", ENOPROTOOPT }, { "EACCES", EACCES },
    { "EAFNOSUPPORT", EAFNOSUPPORT }, { "ENOBUFS", ENOBUFS }, { "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
};

static const struct named families[] = {
    { "AF_UNIX", AF_UNIX }, { "AF_INET", AF_INET }, { "AF_INET6", AF_INET6 }, { "AF_NETLINK", AF_NETLINK },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NUMBER_OF(array, name) number_of(array, COUNT(array), name)

static long number_of(const struct named *array, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(array[i].name, name)) return array[i].number;
    return -1;
}

static void fail(const char *what, const char *which) {
    fprintf(stderr, "refuse: %s %s: %s\n", what, which, strerror(errno));
    exit(125);
}

static struct sock_filter filter[1024];
static unsigned short length;

static void add(unsigned short code, unsigned k, unsigned char if_true, unsigned char if_false) {
    filter[length++] = (struct sock_filter){ code, if_true, if_false, k };
}

/* Adds that a value that was loaded gives an action. */
static void add_action(unsigned value, unsigned action) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    add(BPF_RET | BPF_K, action, 0, 0);
}

static void add_load(unsigned offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }

/* Adds an action for each call in a list. A name that is not known is an error in the list. */
static void add_calls(char *names, unsigned action) {
    for (char *name = strtok(names, ", \n"); name; name = strtok(NULL, ", \n")) {
        long number = NUMBER_OF(calls, name);
        if (number >= 0) add_action((unsigned)number, action);
        else if (action != SECCOMP_RET_ALLOW) { errno = EINVAL; fail("the call", name); }
    }
}

static int install(unsigned flags) {
    struct sock_fprog program = { length, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("prctl", "");
    int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) fail("seccomp", "");
    return result;
}

/* The error for a call, by the first rule that fits; 0 if it is allowed. */
static int refusal(const char *rules, const struct seccomp_data *data) {
    char line[256];
    int found = 0;
    FILE *file = fopen(rules, "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *error = strtok(line, " \n"), *name = strtok(NULL, " \n"), *argument;
        int fits = error && name && NUMBER_OF(calls, name) == data->nr;
        for (int i = 0; fits && i < 6 && (argument = strtok(NULL, " \n")); i++)
            fits = *argument == '*' || strtol(argument, NULL, 0) == (int)data->args[i];
        if (fits) found = (int)NUMBER_OF(errors, error);
    }
    if (file) fclose(file);
    return found;
}

/* Answers for the calls of the program until it has ended. */
static void answer(const char *rules, int listener) {
    struct pollfd polled = { listener, POLLIN, 0 };
    for (;;) {
        struct seccomp_notif call = { 0 };
        if (poll(&polled, 1, -1) < 0 || !(polled.revents & POLLIN)) return;
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) continue;
        int error = refusal(rules, &call.data);
        struct seccomp_notif_resp reply = { call.id, 0, -error, error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE };
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
    }
}

static void by_rules(const char *rules, char *names) {
    /* The number of the listener. A call to pass it on could be one of those that wait for an answer. */
    volatile int *listener = mmap(NULL, sizeof *listener, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (listener == MAP_FAILED) fail("mmap", "");
    /* The child has the descriptors of this process until the program replaces it, so the listener is open in both. */
    long child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) fail("clone", "");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (!*listener) usleep(1000);
        /* The output of the program ends with the program. */
        if (unshare(CLONE_FILES)) _exit(125);
        close(0), close(1), close(2);
        answer(rules, *listener);
        _exit(0);
    }
    add_load(offsetof(struct seccomp_data, nr));
    add_calls(names, SECCOMP_RET_USER_NOTIF);
    add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    *listener = install(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static void by_unit(const char *unit) {
    char line[4096], names[4096] = "", allowed[256] = "", list[sizeof always];
    FILE *file = fopen(unit, "r");
    if (!file) fail("fopen", unit);
    while (fgets(line, sizeof line, file)) {
        char *value = strchr(line, '=');
        if (value && !strncmp(line, "SystemCallFilter=", 17)) strcat(strcat(names, value + 1), " ");
        if (value && !strncmp(line, "RestrictAddressFamilies=", 24)) strcat(strcat(allowed, value + 1), " ");
    }
    fclose(file);
    add_load(offsetof(struct seccomp_data, nr));
    add(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 2 + 2 * COUNT(families));
    add_load(offsetof(struct seccomp_data, args));
    for (size_t i = 0; i < COUNT(families); i++) {
        int is_listed = 0;
        char copy[sizeof allowed];
        strcpy(copy, allowed);
        for (char *name = strtok(copy, " \n"); name; name = strtok(NULL, " \n")) is_listed |= !strcmp(name, families[i].name);
        add_action((unsigned)families[i].number, is_listed ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT, 0, 0);
    add_calls(names, SECCOMP_RET_ALLOW);
    add_calls(strcpy(list, always), SECCOMP_RET_ALLOW);
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
    install(0);
}

int main(int count, char **arguments) {
    if (count > 2 && strstr(arguments[1], ".service")) {
        by_unit(arguments[1]);
        execvp(arguments[2], arguments + 2);
    } else if (count > 3) {
        by_rules(arguments[1], arguments[2]);
        execvp(arguments[3], arguments + 3);
    }
    fail("usage: refuse RULES CALLS PROGRAM, or refuse UNIT PROGRAM;", count > 3 ? arguments[3] : "");
}
