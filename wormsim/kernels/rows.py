"""Rows of lanes, and functions of them: inlined into the kernel, and promised that their arrays do not overlap.

``lanes_of(x, i)`` is ``x[i]`` without the count of references, which an atomic addition and subtraction keep for each view (a
tenth of the time of a row of 160 lanes). The array outlives its rows, since it is an argument of the kernel.

Without the promise the compiler guards every vector loop by comparing the addresses of all its arrays, for each row and
step again; with it, the update of a row takes about a quarter less time. Rows come from different arrays, or are
different rows of arrays of which only the gathered sum is written, so the promise holds.
"""

from llvmlite import ir
from numba import config, njit, types
from numba.core.compiler import Compiler
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


class NoOverlap(Compiler):
    """Numba's compiler with the LLVM attribute ``noalias`` on every array argument."""

    def define_pipelines(self):
        """As in numba, after setting the flag."""
        self.state.flags.noalias = True
        return super().define_pipelines()


row_function = njit(forceinline=True, error_model="numpy", pipeline_class=NoOverlap)

if config.DISABLE_JIT:
    def lanes_of(array, i):
        """Without compilation: a view."""
        return array[i]
else:
    @intrinsic
    def lanes_of(typingctx, array, i):
        """``array[i]`` of a (cell, lane) array, for ``0 <= i < array.shape[0]``."""
        kind = types.Array(array.dtype, 1, "C")

        def codegen(context, builder, signature, args):
            whole = make_array(signature.args[0])(context, builder, args[0])
            lanes = builder.extract_value(whole.shape, 1)
            size = ir.Constant(lanes.type, array.dtype.bitwidth // 8)
            out = make_array(kind)(context, builder)
            populate_array(out, data=builder.gep(whole.data, [builder.mul(args[1], lanes)]), shape=[lanes], strides=[size],
                           itemsize=size, meminfo=None)
            return out._getvalue()

        return kind(array, types.intp), codegen
