"""How the kernels are compiled: three kinds of functions, and no garbage collection during compilation.

_nrt=False: no kernel allocates, so no array needs a reference count. A process that loads its kernels from the disk
would take 0.4 s to compile Numba's counters.
"""

import gc
from collections.abc import Callable

from numba import njit
from numba.core import event
from numba.core.dispatcher import Dispatcher

from dsp.files.compiled import keep_on_disk


def kernel(function: Callable) -> Dispatcher:
    """For functions that Python calls: kept on disk, run without the interpreter's lock."""
    return keep_on_disk(njit(nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model="numpy")(function))


# For functions that only compiled functions call: the wrapper for Python would take half the compile time.
inner = njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")

# For such functions with a single caller: inlined into it, which compiles faster.
inlined = njit(inline="always", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")


class _WithoutCollector(event.Listener):
    """Stops the garbage collector from scanning what the compiler builds, which takes an eighth of the compile time."""

    def __init__(self):
        self.was_on = []

    def on_start(self, event):
        self.was_on.append(gc.isenabled())
        gc.disable()

    def on_end(self, event):
        if self.was_on.pop():
            gc.enable()


event.register("numba:compile", _WithoutCollector())
