"""What the edges of one cell bring, for all lanes: ``total[b] = sum over e of weight[e] * values[pre[e], b]``.

Written as vectors of 64 bytes, four of them side by side: the sums of a stretch of lanes stay in registers while the
edges go by, so that an edge costs one load and one fused multiply-add a vector. A loop over lanes inside of one over
edges loads and stores the sums for every few edges, which took 1.7 times as long. The order of the edges is that of
the row, whatever the width.

An edge of weight 0 is no edge: a not-a-number does not pass it. So a row may leave such edges out.
"""

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_BYTES = 64
_SIDE_BY_SIDE = (4, 2, 1)

if config.DISABLE_JIT:
    def gather(total, values, pre, weight, start, stop, onto):
        """Without compilation: as below."""
        if not onto:
            total[:] = 0
        for e in range(start, stop):
            total[:] = np.where(weight[e] != 0, weight[e] * values[pre[e]] + total, total)
else:
    @intrinsic
    def gather(typingctx, total, values, pre, weight, start, stop, onto):
        """Sum over the edges [start, stop).

        Parameters
        ----------
        total : array of float, shape (lanes,)
            Written; lanes fill whole vectors of 64 bytes.
        values : array of float, shape (cells, lanes)
        pre : array of int32, shape (edges,)
            Row of `values` that an edge reads.
        weight : array of float, shape (edges,) or (edges, lanes)
            The same for all lanes, and not 0; or one for each.
        start, stop : int
        onto : bool
            Add to what `total` holds.
        """
        def codegen(context, builder, signature, args):
            arrays = [make_array(t)(context, builder, a) for t, a in zip(signature.args[:4], args, strict=False)]
            _Text(builder, *arrays, args[4], args[5], args[6], signature.args[0].dtype.bitwidth,
                  signature.args[3].ndim == 2).write()
            return context.get_dummy_value()

        return types.void(total, values, pre, weight, types.intp, types.intp, types.boolean), codegen


class _Text:
    """Writes the instructions of one gather."""

    def __init__(self, builder, total, values, pre, weight, start, stop, onto, bits: int, own_weights: bool):
        self.builder, self.total, self.values, self.pre, self.weight = builder, total, values, pre, weight
        self.start, self.stop, self.onto, self.own_weights = start, stop, onto, own_weights
        self.size = bits // 8
        self.number = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.int = start.type

    def write(self) -> None:
        """Stretches of four vectors, then what is left."""
        builder, begin = self.builder, self.int(0)
        lanes = builder.extract_value(self.total.shape, 0)
        for count in _SIDE_BY_SIDE:
            width = count * _BYTES // self.size
            end = builder.and_(lanes, self.int(-width))
            with cgutils.for_range_slice(builder, begin, end, self.int(width), self.int) as (lane, _):
                self._stretch(lane, width)
            begin = end

    def _stretch(self, lane, width: int) -> None:
        builder = self.builder
        vector = ir.VectorType(self.number, width)
        fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3),
                                             f"llvm.fma.v{width}f{self.size * 8}")
        zero = ir.Constant(vector, None)
        to = builder.bitcast(builder.gep(self.total.data, [lane]), vector.as_pointer())
        held = cgutils.alloca_once(builder, vector)
        builder.store(zero, held)
        with builder.if_then(self.onto):
            builder.store(builder.load(to, align=self.size), held)
        with cgutils.for_range_slice(builder, self.start, self.stop, self.int(1), self.int) as (edge, _):
            sender = builder.sext(builder.load(builder.gep(self.pre.data, [edge])), self.int)
            value, old = self._row(self.values, sender, lane, vector), builder.load(held)
            if self.own_weights:
                weight = self._row(self.weight, edge, lane, vector)
                new = builder.select(builder.fcmp_unordered("!=", weight, zero), builder.call(fma, [weight, value, old]), old)
            else:
                one = builder.load(builder.gep(self.weight.data, [edge]))
                first = builder.insert_element(ir.Constant(vector, ir.Undefined), one, ir.IntType(32)(0))
                weight = builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), width), None))
                new = builder.call(fma, [weight, value, old])
            builder.store(new, held)
        builder.store(builder.load(held), to, align=self.size)

    def _row(self, array, row, lane, vector):
        """The vector at a lane of a row."""
        builder = self.builder
        place = builder.add(builder.mul(row, builder.extract_value(array.shape, 1)), lane)
        return builder.load(builder.bitcast(builder.gep(array.data, [place]), vector.as_pointer()), align=self.size)
