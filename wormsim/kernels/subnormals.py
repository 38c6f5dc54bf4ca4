"""Numbers too small to matter are taken as zero while a kernel runs.

A synaptic current that decays undisturbed reaches the subnormal range of float32 after 87 time constants (0.4 s at
5 ms) and then stays there, and x86 processors take some hundred cycles for each operation on such a number. The
flush-to-zero and denormals-are-zero bits of the thread's control register are set on entry and put back on exit. What
is lost is below 1.2e-38 (float32). Other processors handle subnormals at speed and are left alone.
"""

import platform

from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

_X86 = platform.machine() in ("x86_64", "AMD64")
_FLUSH = 0x8040  # bits 15 (FTZ) and 6 (DAZ) of MXCSR, Intel SDM volume 1, 10.2.3

if config.DISABLE_JIT:
    def flush_subnormals():
        """Without compilation: nothing."""
        return 0

    def restore(state):
        """Without compilation: nothing."""
else:
    def _call(builder, name, slot):
        kind = ir.FunctionType(ir.VoidType(), [slot.type])
        builder.call(builder.module.globals.get(name) or ir.Function(builder.module, kind, name), [slot])

    @intrinsic
    def flush_subnormals(typingctx):
        """Set the bits; returns the register as it was, for :func:`restore`."""
        def codegen(context, builder, signature, args):
            if not _X86:
                return context.get_constant(types.uint32, 0)
            slot = builder.alloca(ir.IntType(32))
            _call(builder, "llvm.x86.sse.stmxcsr", slot)
            old = builder.load(slot)
            builder.store(builder.or_(old, old.type(_FLUSH)), slot)
            _call(builder, "llvm.x86.sse.ldmxcsr", slot)
            return old

        return types.uint32(), codegen

    @intrinsic
    def restore(typingctx, state):
        """Put the register back."""
        def codegen(context, builder, signature, args):
            if _X86:
                slot = builder.alloca(ir.IntType(32))
                builder.store(args[0], slot)
                _call(builder, "llvm.x86.sse.ldmxcsr", slot)
            return context.get_dummy_value()

        return types.void(types.uint32), codegen
