"""How the kernels are compiled: three kinds of compiled functions, and no garbage collection meanwhile."""

import gc

from numba import njit
from numba.core import event

# For functions that Python calls: kept on disk, without the interpreter's lock.
kernel = njit(cache=True, nogil=True, no_cfunc_wrapper=True, error_model="numpy")

# For functions that only compiled functions call: what Python would need to call them takes half the compile time.
inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")

# For those among them that are called from one place: their lines become the caller's, which compiles sooner.
inlined = njit(inline="always", no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")


class _WithoutCollector(event.Listener):
    """Keeps Python's garbage collector from looking through what a compiler builds: an eighth of the time it takes."""

    def __init__(self):
        self.was_on = []

    def on_start(self, event):
        self.was_on.append(gc.isenabled())
        gc.disable()

    def on_end(self, event):
        if self.was_on.pop():
            gc.enable()


event.register("numba:compile", _WithoutCollector())
