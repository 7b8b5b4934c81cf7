"""The system calls that a submission may make, as a filter that the kernel runs before each of them (seccomp).

Everything is refused that is not listed here: starting processes and programs, sockets, signals to other processes,
reading other processes' memory, changing priorities, limits or permissions, memory that no limit counts (memfd, shared
segments), namespaces, mounts, tracing and keys. What remains is what Python, NumPy, SciPy and Numba need: files (which
ones is not this filter's business), memory, threads, clocks, pipes.

A filter sees the number of a call and its arguments as integers, but not what a pointer points at, so it cannot tell
one path from another. On processors other than x86-64 and AArch64 there is no table, hence no filter.
"""

import errno
import platform
import struct

# Names, then the numbers on x86-64 and AArch64; "-" where a processor does not have the call.
ALLOWED = """
read 0 63, write 1 64, open 2 -, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -, lseek 8 62, mmap 9 222,
mprotect 10 226, munmap 11 215, brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139,
ioctl 16 29, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, access 21 -, pipe 22 -, select 23 -,
sched_yield 24 124, mremap 25 216, msync 26 227, mincore 27 232, madvise 28 233, dup 32 23, dup2 33 -, pause 34 -,
nanosleep 35 101, getitimer 36 102, alarm 37 -, setitimer 38 103, getpid 39 172, sendfile 40 71, clone 56 220,
exit 60 93, wait4 61 260, kill 62 129, uname 63 160, fcntl 72 25, flock 73 32, fsync 74 82, fdatasync 75 83,
ftruncate 77 46, getdents 78 -, getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -, mkdir 83 -, rmdir 84 -,
creat 85 -, link 86 -, unlink 87 -, symlink 88 -, readlink 89 -, umask 95 166, gettimeofday 96 169, getrlimit 97 163,
getrusage 98 165, sysinfo 99 179, times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175, getegid 108 177,
getppid 110 173, getpgrp 111 -, getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgid 121 155,
getsid 124 156, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132,
statfs 137 43, fstatfs 138 44, getpriority 140 141, sched_getparam 143 121, sched_getscheduler 145 120,
sched_get_priority_max 146 125, sched_get_priority_min 147 126, sched_rr_get_interval 148 127, prctl 157 167,
arch_prctl 158 -, gettid 186 178, readahead 187 213, time 201 -, futex 202 98, sched_getaffinity 204 123,
epoll_create 213 -, getdents64 217 61, set_tid_address 218 96, restart_syscall 219 128, fadvise64 221 223,
clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, exit_group 231 94, epoll_wait 232 -,
epoll_ctl 233 21, tgkill 234 131, waitid 247 95, openat 257 56, mkdirat 258 34, newfstatat 262 79, unlinkat 263 35,
renameat 264 38, linkat 265 37, symlinkat 266 36, readlinkat 267 78, faccessat 269 48, pselect6 270 72, ppoll 271 73,
set_robust_list 273 99, get_robust_list 274 100, eventfd2 290 19, epoll_create1 291 20, dup3 292 24,
pipe2 293 59, preadv 295 69, pwritev 296 70, prlimit64 302 261, getcpu 309 168, renameat2 316 276, getrandom 318 278,
membarrier 324 283, copy_file_range 326 285, preadv2 327 286, pwritev2 328 287, statx 332 291, rseq 334 293,
epoll_pwait 281 22, close_range 436 436, faccessat2 439 439, epoll_pwait2 441 441
"""
PROCESSORS = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # the column above, and the kernel's own name
FIRST_SHARED = 424  # from here on, numbers are the same everywhere; C libraries do without these new calls

# The flags and commands in the arguments; the same numbers on both processors.
NEW_THREAD, NEW_NAMESPACES = 0x10000, 0x7E020080  # of clone
TERMINAL_SIZE_AND_PIPES = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # of ioctl: isatty, FIONREAD, FIONBIO ..
DUPLICATE_AND_LOCK = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)  # of fcntl; not F_SETOWN, which sends signals
NAME_OF_THREAD = (15, 16)  # of prctl
TRUNCATE_UNOPENED = (0x203, 0x200)  # of open, mask and value: O_TRUNC in a file that is opened for reading
UNNAMED_FILE = 0x400000  # of open: O_TMPFILE, which no one could count

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000  # a refused call returns the error in the low bits
LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06


def numbers() -> dict[str, int] | None:
    """The number of every allowed system call on this processor, or None if there is no table for it."""
    if platform.machine() not in PROCESSORS:
        return None
    column = PROCESSORS[platform.machine()][0]
    rows = (row.split() for row in ALLOWED.replace("\n", " ").split(","))
    return {name: int(columns[column]) for name, *columns in rows if columns[column] != "-"}


def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction of the filter: struct sock_filter; the jumps count the instructions to be skipped."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def load_argument(i: int) -> bytes:
    """Loads the low 32 bits of argument i, which hold every flag, command and process number."""
    return instruction(LOAD, 16 + 8 * i)


ALLOWED_HERE, REFUSED_HERE = instruction(RETURN, ALLOW), instruction(RETURN, REFUSE | errno.EPERM)


def one_of(i: int, values) -> bytes:
    """Allows the call if argument i is one of the values."""
    return load_argument(i) + b"".join(instruction(EQUAL, v, 0, 1) + ALLOWED_HERE for v in values) + REFUSED_HERE


def opening(i: int) -> bytes:
    """Allows open and openat, except for the flags in argument i that get around the rules on files."""
    mask, value = TRUNCATE_UNOPENED
    return b"".join(
        (
            load_argument(i),
            instruction(ANY_BIT, UNNAMED_FILE, 0, 1) + REFUSED_HERE,
            instruction(AND, mask),
            instruction(EQUAL, value, 0, 1) + REFUSED_HERE,
            ALLOWED_HERE,
        )
    )


def a_thread() -> bytes:
    """Allows clone for a thread of this process, but neither for a process nor for a namespace."""
    return b"".join(
        (
            load_argument(0),
            instruction(ANY_BIT, NEW_NAMESPACES, 0, 1) + REFUSED_HERE,
            instruction(ANY_BIT, NEW_THREAD, 0, 1) + ALLOWED_HERE,
            REFUSED_HERE,
        )
    )


def filter_program(pid: int) -> bytes:
    """The filter, an array of struct sock_filter, for the process `pid`: it may send signals to itself only."""
    conditions = {
        "clone": a_thread(),
        "open": opening(1),
        "openat": opening(2),
        "kill": one_of(0, (pid,)),
        "tgkill": one_of(0, (pid,)),
        "prlimit64": one_of(0, (0,)),
        "ioctl": one_of(1, TERMINAL_SIZE_AND_PIPES),
        "fcntl": one_of(1, DUPLICATE_AND_LOCK),
        "prctl": one_of(0, NAME_OF_THREAD),
    }
    parts = [
        instruction(LOAD, 4),
        instruction(EQUAL, PROCESSORS[platform.machine()][1], 1, 0),
        instruction(RETURN, KILL),
        instruction(LOAD, 0),
    ]
    for name, number in numbers().items():
        block = conditions.get(name, ALLOWED_HERE)
        parts += [instruction(EQUAL, number, 0, len(block) // 8), block]
    parts += [instruction(AT_LEAST, FIRST_SHARED, 0, 1), instruction(RETURN, REFUSE | errno.ENOSYS), REFUSED_HERE]
    return b"".join(parts)
