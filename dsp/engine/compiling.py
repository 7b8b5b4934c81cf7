"""How the kernels are compiled: three kinds of functions, and no garbage collection during compilation.

_nrt=False: no kernel allocates, so no array needs a reference count. A process that loads its kernels from the disk
would take 0.4 s to compile Numba's counters.
"""

import gc
from collections.abc import Callable

from numba import njit
from numba.core import config, event
from numba.core.dispatcher import Dispatcher

from dsp.files.compiled import keep_on_disk


def kernel(function: Callable) -> Dispatcher:
    """For functions that Python calls: kept on disk, run without the interpreter's lock."""
    return keep_on_disk(njit(nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model="numpy")(function))


# For functions that only compiled functions call: the wrapper for Python would take half the compile time.
inner = njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")

# For such functions with a single caller: inlined into it, which compiles faster.
inlined = njit(inline="always", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")


class _Quickly(event.Listener):
    """Makes compiling quick.

    The garbage collector is off: scanning what the compiler builds takes an eighth of the time. The kernels are written
    in registers, so LLVM need not look for loops to vectorize, which takes another eighth.
    """

    def __init__(self):
        self.before = []

    def on_start(self, event):
        self.before.append((gc.isenabled(), config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE))
        gc.disable()
        if event.data["dispatcher"].py_func.__module__.startswith("dsp.engine."):
            config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = config._OptLevel(1), 0, 0

    def on_end(self, event):
        was_on, config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = self.before.pop()
        if was_on:
            gc.enable()


event.register("numba:compile", _Quickly())
