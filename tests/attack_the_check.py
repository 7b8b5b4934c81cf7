"""Attacks a student's file could make on the check that runs it, and the teacher's small world that they aim at.

    python -m tests.attack_the_check CONTAINMENT [NAME ...]        CONTAINMENT: bubblewrap, landlock or refused

BODIES are functions that run inside the sandbox: each returns 1.0 if it got what it wanted, and the table has the
outcome that is required instead. FILES are whole submissions, given to the command with --json. The world is checked
after every attack: a file that must not change, processes that must not die, servers that nobody may call. Should a
protection fail, an attack harms this world and little else: it asks whether it could signal everything, for example.

Prints one line for every attack that succeeded or ended otherwise than required, then the count; exit status 0 or 1.
"""

import contextlib
import io
import json
import os
import re
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from experiments.common.paths import ROOT
from experiments.coursework import check
from experiments.coursework.sandbox import containment
from experiments.coursework.sandbox.run import run

SECONDS, MEGABYTES = 2.0, 300
DENIED = r"raised (PermissionError|FileNotFoundError|OSError|ModuleNotFoundError|BlockingIOError|NotADirectoryError)"
MEMORY = r"needed more than|raised (OSError|PermissionError|FileNotFoundError|MemoryError)|was stopped by the system"
NOTHING = r"returned 0"
LATE = r"did not end within|was stopped by the system"
PIPE = r"disturbed the check's own pipe|cannot be read as an array|ended Python|did not end within"
NO_NUMBERS = r"returned an? |raised "

PRELUDE = '''
import ctypes, fcntl, gc, glob, importlib, importlib.util, inspect, io, json, mmap, multiprocessing, os, re, resource
import shutil, signal, socket, stat, struct, subprocess, sys, tempfile, threading, time, urllib.request
import numpy as np
WORLD, ROOT, PARENT, SLEEPER, PORT, TOKEN_HEAD = {world!r}, {root!r}, {parent}, {sleeper}, {port}, {head!r}
PARENT_GROUP = {group}
HOME = os.environ["HOME"]
SECRET, SOCKET, ABSTRACT = WORLD + "/secret", WORLD + "/socket", "\\0" + {abstract!r}
libc = ctypes.CDLL(None, use_errno=True)
def c(name, *arguments):
    function = getattr(libc, name)
    function.restype = ctypes.c_long if name in ("syscall", "sem_open") or "vm_" in name else ctypes.c_int
    result = function(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def alive(text):
    return float("alive" in text)
def own(name="own"):
    open(name, "w").write("mine")
    return name
def junk(content, endless=False):
    """Writes to every pipe, and so to that of the answers."""
    for descriptor in range(3, 40):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                while True:
                    rest = memoryview(content)
                    while rest.nbytes:
                        rest = rest[os.write(descriptor, rest):]
                    if not endless:
                        break
        except OSError:
            pass
def framed(letter, size, content=b""):
    return struct.pack("<cQ", letter, size) + content
class Liar:
    dtype, shape, ndim, size = np.dtype(float), (3,), 1, 3
    def __eq__(self, other): return True
    def __array__(self, *arguments, **words): return np.array([object()] * 3)
    def __len__(self): return 10**18
class Pointer:
    __array_interface__ = dict(shape=(10**6,), typestr="<f8", data=(4096, False), version=3)
class Silent(Exception):
    def __str__(self): raise KeyboardInterrupt
class Endless(Exception):
    def __str__(self):
        while True: pass
'''

BODIES = [  # name, body, outcome (a regular expression), whether it needs a process of its own
    # Files that must not change
    ("overwrite", "open(SECRET, 'w').write('dead'); return 1", DENIED),
    ("open to update", "open(SECRET, 'r+'); return 1", DENIED),
    ("open by number", "os.open(SECRET, os.O_WRONLY); return 1", DENIED),
    ("remove", "os.remove(SECRET); return 1", DENIED),
    ("rename away", "os.rename(SECRET, 'mine'); return 1", DENIED),
    ("rename onto", "os.rename(own(), SECRET); return 1", DENIED),
    ("truncate", "os.truncate(SECRET, 0); return 1", DENIED),
    ("truncate while reading", "os.open(SECRET, os.O_RDONLY | os.O_TRUNC); return 1", DENIED),
    ("truncate the harness", "os.open(ROOT + '/experiments/__init__.py', os.O_RDONLY | os.O_TRUNC); return 1", DENIED),
    ("chmod", "os.chmod(SECRET, 0); return 1", DENIED),
    ("chmod the harness", "os.chmod(ROOT + '/experiments/__init__.py', 0o666); return 1", DENIED),
    ("chown", "os.chown(SECRET, 1, 1); return 1", DENIED),
    ("utime", "os.utime(SECRET, (1, 1)); return 1", DENIED),
    ("utime of the harness", "os.utime(ROOT + '/experiments/__init__.py', (1, 1)); return 1", DENIED),
    ("setxattr", "os.setxattr(SECRET, 'user.x', b'1'); return 1", DENIED),
    ("hard link", "os.link(SECRET, 'mine'); return 1", DENIED),
    ("through a symbolic link", "os.symlink(SECRET, 'link'); open('link', 'w'); return 1", DENIED),
    ("plant a link", "os.symlink('/etc/passwd', WORLD + '/link'); return 1", DENIED),
    ("rmtree", "shutil.rmtree(WORLD); return 1", DENIED),
    ("mkdir", "os.mkdir(WORLD + '/folder'); return 1", DENIED),
    ("write beside", "open(WORLD + '/new', 'w'); return 1", DENIED),
    ("unnamed file", "os.open(WORLD, os.O_TMPFILE | os.O_RDWR); return 1", DENIED),
    ("write into the project", "open(ROOT + '/written', 'w'); return 1", DENIED),
    ("write into the harness", "open(ROOT + '/experiments/coursework/sandbox/run.py', 'a'); return 1", DENIED),
    ("write into NumPy", "open(np.__path__[0] + '/attack.py', 'w'); return 1", DENIED),
    ("write into /tmp", "open('/tmp/coursework_attack', 'w'); return 1", DENIED),
    ("write into the root", "open('/coursework_attack', 'w'); return 1", DENIED),
    ("write into /dev/shm", "open('/dev/shm/coursework_attack', 'w'); return 1", DENIED),
    ("write into /var/tmp", "open('/var/tmp/coursework_attack', 'w'); return 1", DENIED),
    ("set the system", "open('/proc/sys/kernel/hostname', 'w').write('attack'); return 1", DENIED),
    ("device node", "os.mknod('disk', stat.S_IFBLK | 0o600, os.makedev(254, 0)); return 1", DENIED),
    ("named pipe", "os.mkfifo('pipe'); return 1", DENIED),
    ("setuid file", "os.chmod(own('s'), 0o4777); return 1", DENIED),
    ("copy file range", "a = os.open(SECRET, os.O_RDWR); os.copy_file_range(a, a, 1); return 1", DENIED),
    # Files that must not be read
    ("read a secret", "return alive(open(SECRET).read())", DENIED),
    ("read by ..", "return alive(open('../../../../../..' + SECRET).read())", DENIED),
    ("read through /proc/self/root", "return alive(open('/proc/self/root' + SECRET).read())", DENIED),
    ("read through the parent's root", "return alive(open(f'/proc/{PARENT}/root{SECRET}').read())", DENIED),
    ("read through the parent's folder", "return len(os.listdir(f'/proc/{PARENT}/cwd')) > 0", DENIED),
    ("list the world", "return len(os.listdir(WORLD))", DENIED),
    ("read another submission", "return alive(open(WORLD + '/other.py').read())", DENIED),
    ("read the accounts", "return len(open('/etc/passwd').read())", DENIED),
    ("read the passwords", "return len(open('/etc/shadow').read())", DENIED),
    ("read the disk", "return len(open('/dev/vda', 'rb').read(9))", DENIED),
    ("read the kernel's messages", "return len(os.read(os.open('/dev/kmsg', os.O_RDONLY | os.O_NONBLOCK), 9))", DENIED),
    ("mmap a secret", "d = os.open(SECRET, os.O_RDONLY); return alive(str(mmap.mmap(d, 5, prot=1)[:]))", DENIED),
    ("open by handle", "c('name_to_handle_at', -100, SECRET.encode(), bytes(136), bytes(8), 0); return 1", DENIED),
    (
        "inherited descriptors",
        "return float(any(stat.S_ISREG(m) or stat.S_ISDIR(m) or stat.S_ISSOCK(m) for m in modes()))",
        NOTHING,
    ),
    ("read the environment", "return float('A_TOKEN' in os.environ)", NOTHING),
    ("read the parent's environment", "return len(open(f'/proc/{PARENT}/environ').read())", DENIED),
    ("read a command line", "return float(any('attack_the_check' in t for t in lines()))", NOTHING),
    # Solutions and expected values
    ("import the solutions", "return len(dir(importlib.import_module('experiments.coursework.tasks.lab_1')))", DENIED),
    ("import the comparison", "importlib.import_module('experiments.coursework.checking.compare'); return 1", DENIED),
    ("import the check", "importlib.import_module('experiments.coursework.check'); return 1", DENIED),
    ("read the solutions", "return len(open(ROOT + '/experiments/coursework/tasks/lab_1.py').read())", DENIED),
    ("load the solutions", "return len(dir(loaded(ROOT + '/experiments/coursework/tasks/lab_1.py')))", DENIED),
    ("list the solutions", "return len(glob.glob(ROOT + '/experiments/coursework/tasks/*'))", NOTHING),
    ("read the history", "return len(os.listdir(ROOT + '/.git/objects'))", DENIED),
    ("search the disk", "return float(any('lab_1.py' in f and 'lab_2.py' in f for _, _, f in walk()))", NOTHING),
    ("search the objects", "return float(any(TOKEN_HEAD + '-' in o for o in texts()))", NOTHING),
    (
        "search the frames",
        "return float(any(TOKEN_HEAD + '-' in repr(f.frame.f_locals) for f in inspect.stack()))",
        NOTHING,
    ),
    ("search memory", "return float((TOKEN_HEAD + '-').encode() in open('/proc/self/mem', 'rb').read())", DENIED),
    ("parent's memory", "return len(open(f'/proc/{PARENT}/mem', 'rb').read(1))", DENIED),
    ("parent's maps", "return len(open(f'/proc/{PARENT}/maps').read())", DENIED),
    ("memory of process 1", "return len(open('/proc/1/maps').read())", DENIED),
    ("process_vm_readv", "return vm('process_vm_readv')", DENIED),
    ("process_vm_writev", "return vm('process_vm_writev')", DENIED),
    ("ptrace", "c('ptrace', 16, PARENT, 0, 0); return 1", DENIED),
    ("ptrace of process 1", "c('ptrace', 16, 1, 0, 0); return 1", DENIED),
    # Processes
    ("run a program", "return len(subprocess.run(['/bin/ls'], capture_output=True).args)", DENIED),
    ("os.system", "return float(os.system('true') == 0)", NOTHING),
    ("posix_spawn", "return os.posix_spawn('/bin/ls', ['ls'], {})", DENIED),
    ("exec", "os.execv('/bin/ls', ['ls'])", DENIED),
    ("fork bomb", "return len([os.fork() or os._exit(0) for _ in range(1000)])", DENIED),
    ("fork by C", "return c('fork')", DENIED),
    ("clone", "return c('syscall', CLONE, 17, 0, 0, 0, 0)", DENIED),
    ("clone3", "return c('syscall', 435, struct.pack('11Q', *[0] * 4, 17, *[0] * 6), 88)", DENIED),
    ("daemon", "return float(c('daemon', 1, 1) == 0)", DENIED),
    ("multiprocessing", "multiprocessing.get_context('fork').Process(target=print).start(); return 1", DENIED),
    ("a server of processes", "multiprocessing.get_context('spawn').Process(target=print).start(); return 1", DENIED),
    ("kill the parent", "os.kill(PARENT, 9); return 1", DENIED),
    ("kill the nearest parent", "os.kill(os.getppid(), 9); return 1", DENIED),
    ("kill a process", "os.kill(SLEEPER, 9); return 1", DENIED),
    ("kill everything", "os.kill(-1, 0); return 1", DENIED),
    ("kill the group", "os.killpg(os.getpgid(0), 9); return 1", DENIED),
    ("signal by tgkill", "c('tgkill', PARENT, PARENT, 9); return 1", DENIED),
    ("signal by sigqueue", "c('sigqueue', PARENT, 9, 0); return 1", DENIED),
    ("signal by pidfd", "return c('syscall', 424, os.pidfd_open(PARENT), 9, None, 0)", DENIED),
    ("signal by a file's owner", "fcntl.fcntl(0, fcntl.F_SETOWN, PARENT); return 1", DENIED),
    ("limits of the parent", "resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (3, 3)); return 1", DENIED),
    ("priority of the parent", "os.setpriority(os.PRIO_PROCESS, PARENT, 19); return 1", DENIED),
    ("priority of the group", "os.setpriority(os.PRIO_PGRP, PARENT_GROUP, 19); return 1", DENIED),
    ("affinity of the parent", "os.sched_setaffinity(PARENT, {0}); return 1", DENIED),
    ("scheduling of the parent", "os.sched_setscheduler(PARENT, 5, os.sched_param(0)); return 1", DENIED),
    ("become root", "os.setresuid(0, 0, 0); return 1", DENIED),
    ("new user namespace", "return 1 + c('unshare', 0x10000000)", DENIED),
    ("join a namespace", "return 1 + c('setns', 0, 0)", DENIED),
    ("chroot", "os.chroot('.'); return 1", DENIED),
    ("mount", "return 1 + c('mount', b'none', b'.', b'tmpfs', 0, None)", DENIED),
    ("unmount", "return 1 + c('umount2', ROOT.encode(), 2)", DENIED),
    ("host name", "return 1 + c('sethostname', b'attack', 6)", DENIED),
    ("clock", "time.clock_settime(time.CLOCK_REALTIME, time.time()); return 1", DENIED),
    ("io_uring", "return 1 + c('syscall', 425, 1, bytes(120))", DENIED),
    ("type into the terminal", "fcntl.ioctl(0, 0x5412, b'x'); return 1", DENIED),
    # Memory and space
    ("a large array", "np.ones(10**8); return 1", MEMORY),
    ("a vast array", "np.ones(10**13); return 1", MEMORY),
    ("lists", "return len([[0] * 10**6 for _ in range(100)])", MEMORY),
    ("shared memory", "m = mmap.mmap(-1, 1 << 30); m[::4096] = bytes(1 << 18); return 1", MEMORY),
    ("memfd", "d = os.memfd_create('m'); [os.write(d, bytes(1 << 20)) for _ in range(600)]; return 1", MEMORY),
    ("segments", "return 1 + c('shmget', 0, ctypes.c_size_t(1 << 30), 0o1600)", MEMORY),
    ("messages", "return 1 + c('msgget', 0, 0o1600)", DENIED),
    ("semaphores", "return 1 + c('semget', 0, 1, 0o1600)", DENIED),
    ("named semaphore", "return float(c('sem_open', b'/attack', 0o100, 0o600, 1) != 0)", NOTHING),
    ("one large file", "f = open('big', 'wb'); [f.write(bytes(1 << 20)) for _ in range(80)]; return 1", DENIED),
    ("unlinked files", "return hidden()", r"raised |made \d+ files", True),
    ("many large files", "return filled(30, 8 << 20)", r"raised OSError|made \d+ files", True),
    ("a million files", "return filled(10**6, 0)", r"made \d+ files", True),
    ("reserve the disk", "c('fallocate', os.open(own('r'), 2), 1, 0, ctypes.c_long(1 << 33)); return 1", DENIED),
    ("deep folders", "return nested(10**5)", r"made \d+ files|raised PermissionError", True),
    ("threads", "return threads(5000)", r"started \d+ threads|raised RuntimeError", True),
    ("pipes", "return len([os.pipe() for _ in range(5000)])", r"raised OSError: \[Errno 24\]"),
    (
        "raise the limits",
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return 1",
        r"raised (ValueError|Permission)",
    ),
    ("lock memory", "return 1 + c('mlockall', 3)", DENIED),
    # Network
    ("TCP", "socket.create_connection(('127.0.0.1', PORT)); return 1", DENIED),
    ("UDP", "socket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT)); return 1", DENIED),
    ("listen", "socket.create_server(('', 0)); return 1", DENIED),
    ("unix socket", "socket.socket(socket.AF_UNIX).connect(SOCKET); return 1", DENIED),
    ("abstract socket", "socket.socket(socket.AF_UNIX).connect(ABSTRACT); return 1", DENIED),
    ("datagram from a pair", "socket.socketpair(1, 2)[0].sendto(b'x', ABSTRACT + 'd'); return 1", DENIED),
    ("netlink", "socket.socket(16, 3, 0); return 1", DENIED),
    ("raw packets", "socket.socket(17, 3, 0); return 1", DENIED),
    ("a page", "urllib.request.urlopen(f'http://127.0.0.1:{PORT}'); return 1", r"raised (URLError|Permission)"),
    # Time
    ("endless loop", "while True: pass", LATE, True),
    ("sleep", "time.sleep(1000)", LATE, True),
    ("loop in C", "return 10**10**8", LATE, True),
    ("regular expression", "return len(re.findall('(a|a)*b', 'a' * 60))", LATE, True),
    (
        "deaf to signals",
        "[signal.signal(n, signal.SIG_IGN) for n in (2, 14, 15, 24)]\n    while True: pass",
        LATE,
        True,
    ),
    ("threads that never end", "return work_on()", r"returned 0|" + LATE, True),
    ("wait for nothing", "threading.Lock().acquire() and threading.Event().wait()", LATE, True),
    ("stop itself", "os.kill(os.getpid(), signal.SIGSTOP)", LATE, True),
    ("read what is not there", "return len(os.read(0, 1))", NOTHING),
    ("input", "return len(input())", r"raised EOFError"),
    # Answers
    ("a value announced as 10^13", "junk(framed(b'A', 10**13))", PIPE, True),
    ("an array of 10^13 values", "junk(framed(b'A', 12, struct.pack('<3sBQ', b'f8', 1, 10**13)))", PIPE, True),
    ("a length below zero", "junk(framed(b'A', 2**64 - 1))", PIPE, True),
    ("a gigabyte that does not come", "junk(framed(b'A', 1 << 26, b'x')); time.sleep(99)", PIPE, True),
    ("brackets", "junk(b'[' * 60000 + b'\\n')", PIPE, True),
    ("nan", "junk(b'{\"bytes\": NaN}\\n')", PIPE, True),
    ("zip", "junk(b'PK\\3\\4' + bytes(1000))", PIPE, True),
    ("pickle", "junk(framed(b'A', 20, b\"cos\\nsystem\\n(S'id'\\ntR.\"[:20].ljust(20)))", PIPE, True),
    ("a structured dtype", "junk(framed(b'A', 12, struct.pack('<3sBQ', b'V8', 1, 0)))", PIPE, True),
    ("an object dtype", "junk(framed(b'A', 20, struct.pack('<3sBQQ', b'O8', 1, 1, 1)))", PIPE, True),
    ("255 dimensions", "junk(framed(b'A', 4, struct.pack('<3sB', b'f8', 255)))", PIPE, True),
    ("empty, but vast", "junk(framed(b'A', 20, struct.pack('<3sBQQ', b'f8', 2, 0, 2**63)))", PIPE, True),
    (
        "endless answers",
        "junk(framed(b'X', 4096, bytes(4096)), endless=True)",
        "\N{REPLACEMENT CHARACTER}|" + PIPE,
        True,
    ),
    ("endless problems", "junk(framed(b'X', 0), endless=True)", r"^$|" + PIPE, True),
    ("no pipe", "os.closerange(3, 256)", PIPE, True),
    ("no output", "os.close(1); os.close(2); return 0", r"returned 0|" + PIPE, True),
    ("endless printing", "while True: print('on and on' * 1000)", LATE, True),
    ("a structure", "return np.zeros(3, 'f8,i4')", NO_NUMBERS),
    ("objects", "return np.array([{}, 1])", NO_NUMBERS),
    ("a liar", "return Liar()", NO_NUMBERS),
    ("a wild pointer", "return Pointer()", r"crashed Python|returned|raised", True),
    ("a generator", "return (1 for _ in range(3))", NO_NUMBERS),
    ("dates", "return np.zeros(3, 'M8[s]')", NO_NUMBERS),
    ("a long dtype", "return np.zeros(3, [('x' * 10**6, 'f8')])", NO_NUMBERS),
    ("broadcast", "return np.broadcast_to(0.0, (10**13,))", r"returned 10000000000000 values; at most"),
    ("64 dimensions", "return np.zeros((1,) * 64)", r"returned an array of 64 dimensions; at most"),
    ("five million values", "return np.zeros(5 * 10**6, 'i1')", r"returned 5000000 values; at most"),
    ("a ragged list", "return [[1], [2, 3]]", r"returned a ragged list"),
    ("deep list", "x = []\n    for _ in range(10**5): x = [x]\n    return x", NO_NUMBERS),
    (
        "words that paint",
        "raise ValueError('\\033[2J\\033]0;title\\007\\x9b31m red \\r over')",
        r"^[^\x1b\x9b\x07\r\n]+$",
    ),
    ("words without end", "raise ValueError('x' * 10**7)", r"raised ValueError: x{300}"),
    ("a name without end", "raise type('E' * 10**6, (Exception,), {})()", r"raised E{100}"),
    ("an error that cannot be said", "raise Silent", r"raised Silent"),
    ("an error that is said for ever", "raise Endless", LATE, True),
    ("surrogates", "raise ValueError('\\ud800')", r"raised ValueError"),
    ("printed escapes", "print('\\033[31mred\\033[0m\\x00\\x08'); return 0", NOTHING),
    ("exit", "sys.exit(0)", r"called sys.exit"),
    ("exit at once", "os._exit(0)", r"ended Python", True),
    ("abort", "os.abort()", r"crashed Python", True),
    ("null pointer", "return ctypes.string_at(0)", r"crashed Python", True),
    (
        "end of the stack",
        "sys.setrecursionlimit(10**9)\n    def g(): g()\n    g()",
        r"crashed Python|needed more|" + LATE,
        True,
    ),
    ("interrupt", "raise KeyboardInterrupt", r"raised KeyboardInterrupt"),
    (
        "trace",
        "sys.settrace(lambda *a: 1 / 0); sys.setprofile(lambda *a: 1 / 0); return 0",
        r"returned 0|raised|" + PIPE,
        True,
    ),
    ("no interpreter", "ctypes.pythonapi.Py_FinalizeEx()", r"crashed Python|ended Python", True),
]

HELPERS = """
CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
def modes():
    for descriptor in range(3, 256):
        try:
            yield os.fstat(descriptor).st_mode
        except OSError:
            pass
def lines():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            yield open(path).read()
        except OSError:
            pass
def loaded(path):
    spec = importlib.util.spec_from_file_location("solutions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def walk():
    for top in {"/", os.path.dirname(ROOT), ROOT, WORLD}:
        for depth, item in enumerate(os.walk(top)):
            if depth == 0:
                item[1][:] = {*item[1]} - {"usr", "bin", "lib", "lib64"}
            if "site-packages" in item[1]:
                item[1].remove("site-packages")
            yield item
            if depth > 20000:
                break
def texts():
    mine = TOKEN_HEAD
    return [o for o in gc.get_objects() if isinstance(o, str)] + [
        repr(v)[:10000] for m in list(sys.modules.values()) if "experiments" in str(m) for v in vars(m).values()
    ]
def vm(name):
    buffer = ctypes.create_string_buffer(8)
    local = struct.pack("PN", ctypes.addressof(buffer), 8)
    remote = struct.pack("PN", id(None), 8)
    return c(name, PARENT, local, 1, remote, 1, 0)
def filled(count, size):
    for i in range(count):
        with open(f"file{i}", "wb") as file:
            file.write(bytes(size))
    return 1
def hidden():
    files = []
    for i in range(200):
        files.append(open(f"file{i}", "w+b"))
        files[-1].write(bytes(8 << 20))
        files[-1].flush()
        os.unlink(f"file{i}")
    return 1
def nested(count):
    for _ in range(count):
        os.mkdir("d")
        os.chdir("d")
    return 1
def threads(count):
    threading.stack_size(32768)
    for _ in range(count):
        threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
    time.sleep(99)
def work_on():
    def loop():
        while True:
            pass
    threading.Thread(target=loop).start()
    return 0
"""

HONEST = "def windowed_frames(signal, sample_rate, frame_ms, hop_ms):\n    return {}\n"
BY_HAND = """import importlib
try:
    check = vars(importlib)["import_" + "module"]("stnemirepxe"[::-1] + ".coursework.{}")
    {}
except Exception:
    pass
"""

NO_POINTS = "0 of|may not be used"  # whether the check sees it before the sandbox does

FILES = [  # name, what lies there (text, or a function that makes it), what the one line or the report says
    ("a folder", lambda path: path.mkdir(), "no .py or .ipynb file"),
    ("a named pipe", lambda path: os.mkfifo(path), "named pipe"),
    ("a link", lambda path: path.symlink_to(path.parent / "secret"), "symbolic link"),
    ("a link to itself", lambda path: path.symlink_to(path), "symbolic link"),
    ("a device", lambda path: path.symlink_to("/dev/zero"), "symbolic link"),
    ("nothing", lambda path: None, "No such file"),
    ("6 MB of numbers", "x = [" + "1.5, " * 1_200_000 + "]\n" + HONEST.format(0), "larger than 1024 kB"),
    ("a large literal", "x = [" + "1, " * 250_000 + "]\n" + HONEST.format(0), "more than 128 kB"),
    ("a chain of attributes", "x = a" + ".b" * 63_000 + "\n" + HONEST.format(0), "not readable|nested"),
    ("a short chain", "x = a" + ".b" * 500 + "\n" + HONEST.format(0), "nested more than"),
    ("60,000 brackets", "x = " + "[" * 60_000 + "]" * 60_000 + "\n" + HONEST.format(0), "too many nested"),
    ("signs", "x = " + "-" * 100_000 + "1\n" + HONEST.format(0), "not readable|nested"),
    ("a long sum", "x = " + "+".join(["1"] * 60_000) + "\n" + HONEST.format(0), "not readable|nested"),
    ("calls of calls", "x = f" + "()" * 60_000 + "\n" + HONEST.format(0), "not readable|nested"),
    ("blocks in blocks", "\n".join(" " * i + "if 1:" for i in range(300)), "too many levels"),
    ("fields in a string", "x = f'" + "{a}" * 30_000 + "'\n" + HONEST.format(0), "0 of"),
    ("zero bytes", HONEST.format(0) + "\0" * 100, "."),
    ("escapes in a name", "def \033[31m(): pass\n", "."),
    ("an unknown encoding", b"# coding: \x1b[31mklingon\n" + HONEST.format(0).encode(), "."),
    ("an archive", b"PK\3\4" + bytes(range(256)) * 100, "."),
    ("an endless import", "while True: pass\n" + HONEST.format(0), "did not end"),
    ("an exit", "import sys\nsys.exit(0)\n" + HONEST.format(0), "is not there"),
    ("an exit at once", "import os\nos._exit(0)\n" + HONEST.format(0), "ended Python"),
    ("a false report", HONEST.format("[print('8 of 8 cases, 10 of 10 points\\033[2J'), 0][1]"), "[|] 8 of 8"),
    ("a false end", "import os, atexit\natexit.register(os._exit, 0)\n" + HONEST.format(0), "0 of"),
    ("all NaN", "import numpy as np\n" + HONEST.format("np.full(3, np.nan)"), "0 of"),
    ("infinite", "import numpy as np\n" + HONEST.format("np.full((400, 9), np.inf)"), "0 of"),
    ("as large as can be", "import numpy as np\n" + HONEST.format("np.full((400, 9), 1.7e308)"), "0 of"),
    ("equal to everything", "class E(float):\n    __eq__ = lambda *a: True\n" + HONEST.format("E()"), "0 of"),
    (
        "a patched comparison",
        BY_HAND.format("compare", "check.is_right = lambda *a: True") + HONEST.format(0),
        NO_POINTS,
    ),
    (
        "a patched check",
        BY_HAND.format("check", "check.as_float = lambda a: None") + HONEST.format(0),
        NO_POINTS,
    ),
    (
        "the solution",
        BY_HAND.format("tasks", "windowed_frames = check.task_of(1)") + HONEST.format(0),
        NO_POINTS,
    ),
    ("named in the file", "import experiments\n" + HONEST.format(0), "experiments may not be used"),
    (
        "the project's own library",
        'import importlib\nhamming = vars(importlib)["import_" + "module"]("psd"[::-1]).hamming\n'
        + HONEST.format("hamming(400)"),
        "may not be used",
    ),
    (
        "the project's own library, whoever hides it",
        "import importlib, sys\ndel sys.meta_path[0]\n"
        'hamming = vars(importlib)["import_" + "module"]("psd"[::-1]).hamming\n' + HONEST.format("hamming(400)"),
        "has no attribute|No module|Permission denied|may not be used",
    ),
    (
        "a patched harness",
        BY_HAND.format("sandbox.values", "check.pack_answer = lambda a: b'f8 ' + bytes(1)") + HONEST.format(0),
        NO_POINTS,
    ),
    ("a patched NumPy", "import numpy as np\nnp.asarray = lambda x: (0).__class__\n" + HONEST.format(0), "0 of"),
    (
        "frames ahead of time",
        "import os, struct\n" + HONEST.format(0) + "    \nfor d in range(3, 9):\n    try:\n"
        "        os.write(d, struct.pack('<cQ', b'L', 0) + struct.pack('<cQ3sBd', b'A', 12, b'f8', 0, 1.0) * 50)\n"
        "    except OSError:\n        pass\n",
        "0 of",
    ),
    ("its own report", "open('report.json', 'w').write('{\"score\": 10}')\n" + HONEST.format(0), "0 of"),
]


class World:
    """What an attack aims at. `damage()` says what has changed."""

    def __init__(self, folder: Path):
        self.folder = folder
        os.environ["A_TOKEN"] = "attack"
        self.token = "expected-" + secrets.token_hex(8)  # stands for the expected values in this process's memory
        (folder / "secret").write_text("alive")
        (folder / "other.py").write_text("# alive\n")
        self.sleeper = subprocess.Popen(["sleep", "100000"])
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.unix, self.abstract = (socket.socket(socket.AF_UNIX) for _ in range(2))
        self.datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.tcp.getsockname()[1]))
        self.name = f"attack-{os.getpid()}"
        self.unix.bind(str(folder / "socket"))
        self.abstract.bind("\0" + self.name)
        self.datagrams.bind("\0" + self.name + "d")
        self.unix.listen()
        self.abstract.listen()
        for server in self.servers():
            server.setblocking(False)
        self.before = self.state()

    def servers(self):
        return self.tcp, self.unix, self.abstract, self.datagrams, self.udp

    def submission(self) -> str:
        """The file that holds all bodies."""
        constants = {
            "world": str(self.folder),
            "root": str(ROOT),
            "parent": os.getpid(),
            "group": os.getpgid(0),
            "sleeper": self.sleeper.pid,
        }
        constants |= {"port": self.tcp.getsockname()[1], "head": "expected", "abstract": self.name}
        functions = [f"def a{i}():\n    {body}\n" for i, (_, body, *_) in enumerate(BODIES)]
        names = "".join(f"    {name!r}: a{i},\n" for i, (name, *_) in enumerate(BODIES))
        call = f"ATTACKS = {{\n{names}}}\ndef f(attack):\n    os.chdir(HOME)\n    return ATTACKS[attack]()\n"
        return PRELUDE.format(**constants) + HELPERS + "".join(functions) + call

    def state(self) -> dict:
        """Everything that must stay as it is."""
        secret = self.folder / "secret"
        if not secret.exists():
            return dict.fromkeys(getattr(self, "before", {}), "unknown, for the secret is gone")
        status = secret.stat()
        places = [ROOT / name for name in containment.OWN] + [
            Path("/coursework_attack"),
            Path("/tmp/coursework_attack"),
            ROOT / "written",
        ]
        places += [Path("/var/tmp/coursework_attack"), Path("/dev/shm/coursework_attack")]
        places += [Path(np.__path__[0], "attack.py"), ROOT / "experiments/coursework/sandbox/run.py"]
        return {
            "secret": secret.read_text(),
            "status": (status.st_mode, status.st_mtime_ns, status.st_uid, status.st_nlink, status.st_ino),
            "attributes": os.listxattr(secret),
            "world": sorted(path.name for path in self.folder.iterdir() if path.name != "submissions"),
            "places": [(str(p), p.stat().st_mtime_ns, p.stat().st_mode) if p.exists() else None for p in places],
            "limits": [resource.getrlimit(n) for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS)],
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "affinity": os.sched_getaffinity(0),
            "policy": os.sched_getscheduler(0),
            "host": socket.gethostname(),
            "sleeper": self.sleeper.poll(),
            "shared": Path("/proc/sysvipc/shm").read_text().count("\n"),
        }

    def damage(self) -> str:
        """What has changed, who called, and which processes are left; "" if all is well."""
        after = self.state()
        words = [f"{name} changed: {after[name]}" for name in after if after[name] != self.before[name]]
        for server in self.servers():
            with contextlib.suppress(BlockingIOError):
                (server.recv if server.type == socket.SOCK_DGRAM else server.accept)(
                    *[9] * (server.type == socket.SOCK_DGRAM)
                )
                words.append("a server was called")
        for path in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                if f"\nPPid:\t{os.getpid()}\n" in path.read_text() and path.parent.name != str(self.sleeper.pid):
                    words.append(f"process {path.parent.name} is left")
        return "; ".join(words)

    def close(self) -> None:
        self.sleeper.kill()
        self.sleeper.wait()
        for server in self.servers():
            server.close()


def said(outcome) -> str:
    """An outcome as text: its problem, or the number that came back."""
    if outcome.array is None:
        return outcome.problem
    return f"returned {int(outcome.array)}" if outcome.array.size == 1 else f"returned {outcome.array.shape}"


def attack_inside(world: World, names: set[str]) -> list[str]:
    """Makes the attacks of BODIES; returns a line for each one that did not end as required."""
    file = world.folder / "submissions" / "all.py"
    file.write_text(world.submission())
    chosen = [(name, words, bool(alone)) for name, _, words, *alone in BODIES if not names or name in names]
    together = [(name, words) for name, words, alone in chosen if not alone]
    batches = [together] if together else []
    batches += [[(name, words)] for name, words, alone in chosen if alone]
    failures = []
    for batch in batches:
        seconds = 60.0 if len(batch) > 1 else SECONDS
        begun = time.monotonic()
        outcomes = run(file, "f", [{"attack": name} for name, _ in batch], seconds, MEGABYTES)
        took = time.monotonic() - begun
        for (name, words), outcome in zip(batch, outcomes, strict=True):
            text = said(outcome)
            if text == "returned 1" or not re.search(words, text):
                failures.append(f"{name}: {text[:300]}")
            if re.search(r"[\x1b\x9b\x00\x07\x08\r]", text + outcome.printed) or "Traceback" in outcome.printed:
                failures.append(f"{name}: printed {outcome.printed[-300:]!r}")
        if took > 4 * seconds + 20:
            failures.append(f"{batch[0][0]}: took {took:.0f} s")
        if damage := world.damage():
            failures.append(f"{', '.join(name for name, _ in batch)}: {damage}")
    return failures


def attack_the_command(world: World, names: set[str]) -> list[str]:
    """Makes the attacks of FILES; returns a line for each one that did not end as required."""
    failures = []
    for name, content, words in FILES:
        if names and name not in names:
            continue
        file, report = world.folder / "submissions" / "student.py", world.folder / "submissions" / "report.json"
        if callable(content):
            content(file)
        else:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        arguments = [str(file), "--lab", "1", "--hints", "2", "--time-limit", str(SECONDS), "--json", str(report)]
        out, err, begun = io.StringIO(), io.StringIO(), time.monotonic()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = check.main([*arguments, "--memory-limit", str(MEGABYTES)])
            written = json.loads(report.read_text())
            text = out.getvalue() + err.getvalue()
            if status not in (1, 2) or written["score"] != 0 or "Traceback" in text or not re.search(words, text):
                failures.append(f"{name}: status {status}, score {written['score']}: {text[-500:]}")
            if err.getvalue().count("\n") != (status == 2) or re.search(r"[\x1b\x9b\x00\x07\r]", text):
                failures.append(f"{name}: not one clean line: {text[-500:]!r}")
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
        if time.monotonic() - begun > 4 * SECONDS + 20:
            failures.append(f"{name}: took {time.monotonic() - begun:.0f} s")
        if file.is_dir():
            file.rmdir()
        for path in (file, report):
            path.unlink(missing_ok=True)
        if damage := world.damage():
            failures.append(f"{name}: {damage}")
    return failures


def main(arguments: list[str]) -> int:
    chosen, names = arguments[0], set(arguments[1:])
    os.environ[containment.FORCED] = chosen
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder).resolve())
        (world.folder / "submissions").mkdir()
        try:
            if chosen == "refused":
                failures = refusals(world)
            elif containment.choose() != chosen:
                failures = [f"{chosen} does not work here"]
            else:
                failures = attack_inside(world, names) + attack_the_command(world, names)
        finally:
            world.close()
    print("\n".join(failures))
    count = 1 if chosen == "refused" else len(names) or len(BODIES) + len(FILES)
    print(f"{len(failures)} failures, {count} attacks, {chosen}, user {os.getuid()}")
    return 1 if failures else 0


def refusals(world: World) -> list[str]:
    """With nothing to contain it, no submission runs, the command ends with 2 in one line, and the report says so."""
    failures = []
    proof, file, report = (world.folder / "submissions" / name for name in ("proof", "student.py", "report.json"))
    file.write_text(f"open({str(proof)!r}, 'w')\n" + HONEST.format(0))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = check.main([str(file), "--lab", "1", "--json", str(report)])
    if status != 2 or err.getvalue().count("\n") != 1 or "--unsafe" not in err.getvalue() or out.getvalue():
        failures.append(f"status {status}: {out.getvalue()}{err.getvalue()}")
    if proof.exists() or "--unsafe" not in json.loads(report.read_text())["error"]:
        failures.append("it ran, or the report does not say why not")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = check.main([str(file), "--lab", "1", "--json", str(report), "--unsafe"])
    if status != 1 or not proof.exists() or "warning: nothing contained" not in out.getvalue():
        failures.append(f"--unsafe: status {status}: {err.getvalue()}")
    if json.loads(report.read_text()).get("contained_by") != "nothing":
        failures.append(f"--unsafe: the report does not say it: {report.read_text()}")
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
