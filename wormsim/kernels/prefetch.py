"""Asking for memory before it is needed: a loop over edges reads cells in an order that no processor can guess."""

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

if config.DISABLE_JIT:
    def prefetch(array, index):
        """Without compilation: nothing."""
else:
    @intrinsic
    def prefetch(typingctx, array, index):
        """Start to load the cache line of ``array[index]`` (of a row's first number); a wrong index does no harm."""
        def codegen(context, builder, signature, args):
            kind = signature.args[0]
            made = context.make_array(kind)(context, builder, args[0])
            at = context.cast(builder, args[1], signature.args[1], types.intp)
            indices = [at] + [context.get_constant(types.intp, 0)] * (kind.ndim - 1)
            pointer = cgutils.get_item_pointer(context, builder, kind, made, indices, wraparound=False)
            byte = builder.bitcast(pointer, ir.IntType(8).as_pointer())
            number = ir.IntType(32)
            function = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte.type], ir.FunctionType(ir.VoidType(), [byte.type, number, number, number]))
            builder.call(function, [byte, number(0), number(3), number(1)])
            return context.get_dummy_value()

        return types.void(array, index), codegen
