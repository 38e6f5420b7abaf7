#define _GNU_SOURCE
#include "CBelay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

static void convert(const struct stat *from, struct belay_status *to) {
    to->inode = (uint64_t)from->st_ino;
    to->device = (uint64_t)from->st_dev;
    to->special_device = (uint64_t)from->st_rdev;
    to->size = (uint64_t)from->st_size;
    to->blocks = (uint64_t)from->st_blocks;
    to->modified_seconds = (int64_t)from->st_mtim.tv_sec;
    to->modified_nanoseconds = (uint32_t)from->st_mtim.tv_nsec;
    to->changed_seconds = (int64_t)from->st_ctim.tv_sec;
    to->changed_nanoseconds = (uint32_t)from->st_ctim.tv_nsec;
    to->accessed_seconds = (int64_t)from->st_atim.tv_sec;
    to->accessed_nanoseconds = (uint32_t)from->st_atim.tv_nsec;
    to->mode = (uint32_t)from->st_mode;
    to->user = (uint32_t)from->st_uid;
    to->group = (uint32_t)from->st_gid;
    to->links = (uint64_t)from->st_nlink;
}

int belay_status_at(int folder, const char *name, struct belay_status *result) {
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    convert(&status, result);
    return 0;
}

int belay_status_of(int file, struct belay_status *result) {
    struct stat status;
    if (fstat(file, &status) != 0) return -1;
    convert(&status, result);
    return 0;
}

int belay_status_following(const char *path, struct belay_status *result) {
    struct stat status;
    if (stat(path, &status) != 0) return -1;
    convert(&status, result);
    return 0;
}

int belay_open_at(int folder, const char *name, int flags, uint32_t mode) {
    int file;
    do file = openat(folder, name, flags, (mode_t)mode);
    while (file < 0 && errno == EINTR);
    return file;
}

int belay_open_quietly(int folder, const char *name) {
    // O_NONBLOCK: a FIFO put in the place of a file must not block for ever.
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
#ifdef O_NOATIME
    int file = belay_open_at(folder, name, flags | O_NOATIME, 0);
    // Only the owner and root may leave the access time alone.
    if (file >= 0 || errno != EPERM) return file;
#endif
    return belay_open_at(folder, name, flags, 0);
}

ssize_t belay_read_directory(int folder, void *buffer, size_t size) {
    return getdents64(folder, buffer, size);
}

uint16_t belay_entry_length(const void *entry) {
    return ((const struct dirent64 *)entry)->d_reclen;
}

uint8_t belay_entry_kind(const void *entry) {
    return ((const struct dirent64 *)entry)->d_type;
}

const char *belay_entry_name(const void *entry) {
    return ((const struct dirent64 *)entry)->d_name;
}

int belay_make_node_at(int folder, const char *name, uint32_t mode, uint64_t device) {
    return mknodat(folder, name, (mode_t)mode, (dev_t)device);
}

int belay_set_times_at(int folder, const char *name, int64_t accessed_seconds, uint32_t accessed_nanoseconds,
                       int64_t modified_seconds, uint32_t modified_nanoseconds) {
    struct timespec times[2] = {{accessed_seconds, accessed_nanoseconds}, {modified_seconds, modified_nanoseconds}};
    return utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

int belay_set_times(int file, int64_t accessed_seconds, uint32_t accessed_nanoseconds,
                    int64_t modified_seconds, uint32_t modified_nanoseconds) {
    struct timespec times[2] = {{accessed_seconds, accessed_nanoseconds}, {modified_seconds, modified_nanoseconds}};
    return futimens(file, times);
}

int belay_rename_exclusive_at(int from_folder, const char *from, int to_folder, const char *to) {
#ifdef RENAME_NOREPLACE
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return 0;
    // Not every file system knows how.
    if (errno != EINVAL && errno != ENOSYS) return -1;
#endif
    if (linkat(from_folder, from, to_folder, to, 0) != 0) return -1;
    return unlinkat(from_folder, from, 0);
}

int belay_exchange(const char *one, const char *other) {
#ifdef RENAME_EXCHANGE
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
#elif defined(__APPLE__)
    return renamex_np(one, other, RENAME_SWAP);
#else
    errno = ENOSYS;
    return -1;
#endif
}

extern char **environ;

char **belay_environment(void) {
    return environ;
}

int belay_space(const char *path, uint64_t *available, uint64_t *total) {
    struct statvfs status;
    if (statvfs(path, &status) != 0) return -1;
    *available = (uint64_t)status.f_bavail * (uint64_t)status.f_frsize;
    *total = (uint64_t)status.f_blocks * (uint64_t)status.f_frsize;
    return 0;
}

#ifdef __linux__
// File systems on a disk of this machine, or in its memory, that have always told the truth about holes.
static int tells_holes(uint32_t type) {
    switch (type) {
    case 0x0000EF53u: // ext2, ext3, ext4
    case 0x58465342u: // xfs
    case 0x9123683Eu: // btrfs
    case 0x01021994u: // tmpfs
    case 0xF2F52010u: // f2fs
        return 1;
    default:
        // ZFS has called data that was not written out yet a hole (openzfs issue 15526).
        return 0;
    }
}
#endif

int belay_is_local_file_system(const char *path) {
#ifdef __linux__
    struct statfs status;
    if (statfs(path, &status) != 0) return 0;
    switch ((uint32_t)status.f_type) {
    case 0x2FC12FC1u: // zfs
    case 0xCA451A4Eu: // bcachefs
    case 0x794C7630u: // overlayfs
        return 1;
    default:
        return tells_holes((uint32_t)status.f_type);
    }
#else
    (void)path;
    return 0;
#endif
}

int belay_sync_file_system(int file) {
#ifdef __linux__
    return syncfs(file);
#else
    (void)file;
    sync();
    return 0;
#endif
}

int belay_set_direct(int file, int is_direct) {
#ifdef O_DIRECT
    int flags = fcntl(file, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(file, F_SETFL, is_direct ? flags | O_DIRECT : flags & ~O_DIRECT);
#else
    (void)file, (void)is_direct;
    return -1;
#endif
}

int belay_tells_holes(int file) {
#ifdef __linux__
    struct statfs status;
    return fstatfs(file, &status) == 0 && tells_holes((uint32_t)status.f_type);
#else
    (void)file;
    return 0;
#endif
}

void belay_begin_writing(int file) {
#ifdef __linux__
    (void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)file;
#endif
}

void belay_return_large_blocks(void) {
#ifdef __GLIBC__
    // By default the limit grows with what is freed, and buffers of many megabytes then stay in the heap.
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

uint64_t belay_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    struct rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max > 1048576 ? 1048576 : limit.rlim_max;
    if (raised.rlim_cur > limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
    return limit.rlim_cur;
}

void belay_fill_standard_streams(void) {
    for (int file = 0; file <= 2; file++) {
        if (fcntl(file, F_GETFD) >= 0 || errno != EBADF) continue;
        // The wrong way round, as gnulib's stdopen does: what is used although it was closed fails as before. The
        // lowest free number is the one that is missing, for those below are open.
        if (open("/dev/null", file == 0 ? O_WRONLY : O_RDONLY) != file) return;
    }
}

int belay_terminal_columns(int file) {
    struct winsize size;
    if (!isatty(file) || ioctl(file, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col ? size.ws_col : 80;
}

int belay_terminal_echo(int file, int on) {
    struct termios settings;
    if (tcgetattr(file, &settings) != 0) return -1;
    if (on) settings.c_lflag |= ECHO; else settings.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(file, TCSAFLUSH, &settings);
}

uint64_t belay_peak_memory(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

int belay_pipe(int *ends) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    for (int end = 0; end < 2; end++) {
        if (fcntl(ends[end], F_SETFD, FD_CLOEXEC) != 0) return -1;
    }
    return 0;
#endif
}

void belay_widen_pipe(int end, int bytes) {
#ifdef F_SETPIPE_SZ
    fcntl(end, F_SETPIPE_SZ, bytes);
#else
    (void)end, (void)bytes;
#endif
}

void belay_spawn_with_streams_alone(posix_spawn_file_actions_t *actions) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(actions, 3);
#else
    (void)actions;
#endif
}

int belay_spawn_in_folder(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

static int signal_pipe[2] = {-1, -1};

// Only what is allowed in a signal handler. A full pipe holds enough signals for anybody to notice.
static void pass_on(int number) {
    int before = errno;
    uint8_t byte = (uint8_t)number;
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written;
    errno = before;
}

int belay_pass_signals(const int *numbers, int count) {
    if (belay_pipe(signal_pipe) != 0) return -1;
    if (fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK) != 0) return -1;
    sigset_t open;
    sigemptyset(&open);
    for (int i = 0; i < count; i++) {
        struct sigaction action, present;
        memset(&action, 0, sizeof action);
        action.sa_handler = pass_on;
        action.sa_flags = SA_RESTART;
        if (sigaction(numbers[i], NULL, &present) != 0) return -1;
        // What whoever started us wants ignored, as nohup and a shell's background do, stays so.
        if (present.sa_handler == SIG_IGN) continue;
        if (sigaction(numbers[i], &action, NULL) != 0) return -1;
        sigaddset(&open, numbers[i]);
    }
    if (pthread_sigmask(SIG_UNBLOCK, &open, NULL) != 0) return -1;
    return signal_pipe[0];
}
