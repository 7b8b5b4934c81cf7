"""What a process gives up before it runs a student's code; none of it can be taken back.

1. Limits of the operating system: address space, processor time, size of a file, number of open files.
   They stop a submission from exhausting the machine; they do not stop it from reading or changing anything.
2. Capabilities: if root runs the check, the process keeps root's number but none of root's powers.
3. Landlock, where there is no bubblewrap: the kernel refuses to open files outside the paths that are listed, and to
   make or remove any outside the working folder. It does not hide that a file exists.
4. The filter of system calls in system_calls.py: no processes, programs, sockets, signals to others, permissions.

Landlock is asked for what its first version (Linux 5.13) has. What later versions add, the filter refuses anyway, so
that old and new kernels contain the same and a test on a new kernel holds for an old one.
"""

import ctypes
import os
import resource
import struct
import sys

from experiments.coursework.sandbox.system_calls import filter_program, numbers

MAX_FILE = 16 << 20  # bytes of one file
MAX_OPEN_FILES = 256
END_WITH_PARENT, NO_NEW_PRIVILEGES, DROP_CAPABILITY = 1, 38, 24  # of prctl
SET_FILTER, ALL_THREADS = 1, 1  # of seccomp
CAPABILITIES_V3 = 0x20080522  # of capset
SECCOMP = {"x86_64": 317, "aarch64": 277}
CAPSET = {"x86_64": 126, "aarch64": 91}
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # Landlock, on every processor

# Landlock's rights, as linux/landlock.h numbers them.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, MAKE_FILE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 8
ALL_RIGHTS = (1 << 13) - 1


def seal(
    containment: str, folder: str, readable: list[str], listed: list[str], address_space: int, seconds: float
) -> None:
    """Gives up everything that the submission does not need; raises OSError if the system does not take it.

    containment : "bubblewrap", "landlock", or "nothing", which sets the limits of step 1 only
    folder : where files may be written
    readable, listed : paths that may be read, and folders of which only the names may be read, for Landlock
    address_space : bytes that this process may map in all, which is the limit of its memory
    seconds : processor time, from now

    Checked: tests/test_check_contains_student_code.py
    """
    limit(address_space, seconds)
    if containment == "nothing":
        return
    system = ctypes.CDLL(None, use_errno=True)
    drop_capabilities(system)
    must(system.prctl(END_WITH_PARENT, 9, 0, 0, 0))
    must(system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    if containment == "landlock":
        restrict_files(system, folder, readable, listed)
    restrict_system_calls(system)


def must(result: int) -> int:
    """The result of a system call; raises OSError if it is -1."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def limit(address_space: int, seconds: float) -> None:
    """Sets the limits of the operating system, except those that it does not have."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        "RLIMIT_AS": address_space,
        "RLIMIT_CPU": int(used.ru_utime + used.ru_stime + seconds) + 2,
        "RLIMIT_FSIZE": MAX_FILE,
        "RLIMIT_NOFILE": MAX_OPEN_FILES,
        "RLIMIT_CORE": 0,
    }
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            pass


def drop_capabilities(system) -> None:
    """Gives up root's powers for good; does nothing in a process that has none."""
    for capability in range(64):
        system.prctl(DROP_CAPABILITY, capability, 0, 0, 0)  # fails if it is not there to be dropped
    header, none = struct.pack("Ii", CAPABILITIES_V3, 0), bytes(24)
    must(system.syscall(CAPSET[os.uname().machine], header, none))


def restrict_files(system, folder: str, readable: list[str], listed: list[str]) -> None:
    """Landlock: files may be read below `readable`, and made, read and written, but not removed, in `folder`."""
    rules = struct.pack("Q", ALL_RIGHTS)
    ruleset = must(system.syscall(CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0))
    allowed = dict.fromkeys(listed, READ_DIR) | dict.fromkeys(readable, EXECUTE | READ_FILE | READ_DIR)
    allowed |= {folder: READ_FILE | READ_DIR | WRITE_FILE | MAKE_FILE}
    allowed |= {device: READ_FILE | WRITE_FILE for device in ("/dev/null",)}
    allowed |= {device: READ_FILE for device in ("/dev/zero", "/dev/urandom", "/dev/random")}
    for path, rights in allowed.items():
        if not os.path.exists(path):
            continue
        opened = os.open(path, os.O_PATH)
        if not os.path.isdir(path):
            rights &= EXECUTE | WRITE_FILE | READ_FILE
        must(system.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, opened), 0))
        os.close(opened)
    must(system.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def restrict_system_calls(system) -> None:
    """Hands the filter to the kernel, for all threads of this process."""
    program = filter_program(os.getpid())
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    must(system.syscall(SECCOMP[os.uname().machine], SET_FILTER, ALL_THREADS, header))


def landlock_works() -> bool:
    """Whether this kernel has Landlock and filters of system calls for this processor."""
    if sys.platform != "linux" or numbers() is None:
        return False
    system = ctypes.CDLL(None, use_errno=True)
    return system.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1) >= 1
