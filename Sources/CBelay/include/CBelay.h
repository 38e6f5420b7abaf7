// System calls that Swift cannot spell: variadic functions, macros, and structures that differ by libc.
//
// Every function returns 0 or a result on success and -1 with errno set on failure, as the calls they wrap do.
#ifndef CBELAY_H
#define CBELAY_H

#include <stddef.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/types.h>
#include <sys/xattr.h>

// What belay wants to know of a file, the same on every system.
struct belay_status {
    uint64_t inode;
    uint64_t device;         // of the file system that holds the file
    uint64_t special_device; // of a device node
    uint64_t size;           // bytes
    uint64_t blocks;         // of 512 bytes, allocated
    int64_t modified_seconds;
    int64_t changed_seconds;
    int64_t accessed_seconds;
    uint32_t modified_nanoseconds;
    uint32_t changed_nanoseconds;
    uint32_t accessed_nanoseconds;
    uint32_t mode;
    uint32_t user;
    uint32_t group;
    uint64_t links;
};

// Never follows a symlink in the last component.
int belay_status_at(int folder, const char *name, struct belay_status *result);
int belay_status_of(int file, struct belay_status *result);
// Follows symlinks.
int belay_status_following(const char *path, struct belay_status *result);

int belay_open_at(int folder, const char *name, int flags, uint32_t mode);
// Opens for reading without following a symlink and, where allowed, without touching the access time.
int belay_open_quietly(int folder, const char *name);

// Fills `buffer` with directory records; 0 at the end. Records are walked with belay_entry_*.
ssize_t belay_read_directory(int folder, void *buffer, size_t size);
uint16_t belay_entry_length(const void *entry);
uint8_t belay_entry_kind(const void *entry);
const char *belay_entry_name(const void *entry);

int belay_make_node_at(int folder, const char *name, uint32_t mode, uint64_t device);
int belay_set_times_at(int folder, const char *name, int64_t accessed_seconds, uint32_t accessed_nanoseconds,
                       int64_t modified_seconds, uint32_t modified_nanoseconds);
int belay_set_times(int file, int64_t accessed_seconds, uint32_t accessed_nanoseconds,
                    int64_t modified_seconds, uint32_t modified_nanoseconds);

// Renames without replacing; EEXIST if the target is there.
int belay_rename_exclusive_at(int from_folder, const char *from, int to_folder, const char *to);

// Lets two entries change their places in one step; -1 with errno set where that cannot be done.
int belay_exchange(const char *one, const char *other);

// The variables that the process was started with; ends with a null pointer.
char **belay_environment(void);

// Bytes free for an unprivileged writer and in all.
int belay_space(const char *path, uint64_t *available, uint64_t *total);
// 1 if the file system keeps one view for every process of this machine (not a network or FUSE one), else 0.
int belay_is_local_file_system(const char *path);
// Writes out all that is to be written on the file system of an open file; -1 if something could not be.
int belay_sync_file_system(int file);
// Makes writes go past the page cache, or no longer. Returns 0, or -1 where that cannot be.
int belay_set_direct(int file, int is_direct);
// 1 if the file lies on a file system whose word about holes is believed, else 0.
int belay_tells_holes(int file);
// Lets the disk begin with what was written to a file, where the system can be told, and waits for nothing.
void belay_begin_writing(int file);
// Makes large blocks of memory go back to the system when they are freed.
void belay_return_large_blocks(void);
// Raises the limit of open files as far as allowed; gives what holds now.
uint64_t belay_raise_file_limit(void);
// Puts something harmless in the place of standard streams that are closed, so that no file gets their numbers.
void belay_fill_standard_streams(void);
// Columns of the terminal behind `file`, 0 if it is none.
int belay_terminal_columns(int file);
// Turns echo of the terminal behind `file` on or off.
int belay_terminal_echo(int file, int on);
// A pipe that no program inherits: the reading end, then the writing one.
int belay_pipe(int *ends);
// Lets a pipe hold so many bytes, if the system and the limits of the account allow it.
void belay_widen_pipe(int end, int bytes);
// Makes a program start with its standard streams and no other open file, whatever others have left open.
void belay_spawn_with_streams_alone(posix_spawn_file_actions_t *actions);
// Makes a program start in a directory.
int belay_spawn_in_folder(posix_spawn_file_actions_t *actions, const char *path);
// Makes signals arrive as bytes, their numbers, in a pipe whose reading end this gives; -1 if that cannot be. Those that
// are ignored stay so. Handlers and not a mask: threads of libraries open their masks as they like.
int belay_pass_signals(const int *numbers, int count);
// Peak resident memory of this process in bytes.
uint64_t belay_peak_memory(void);

#endif
