"""512-bit vectors where the processor has them: faster, and the same bits.

The compiler prefers 256-bit vectors even on processors with 512-bit ones, for fear of a lower
clock; random numbers and exponentials are a third to a half faster with the wide ones. Every lane
carries out the same IEEE operations either way (:mod:`montecarlo.jit`), so nothing but the speed
depends on it.

The environment variable ``OFFTAKE_VECTOR_BITS`` decides, and must be set before the first import
of a kernel:

- ``auto``, the default: 512 where the processor has the instructions (AVX-512F);
- ``256``: leave the compiler its preference;
- ``512``: ask for them whatever the processor; it uses what it has.

The compiler has no public way to ask. Where the private one that is used here is missing, its
preference stands.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

Untyped: TypeAlias = Any
"""An object of the compiler, which declares no types."""

SETTING = "OFFTAKE_VECTOR_BITS"
_ALLOWED = ("auto", "256", "512")
_ATTRIBUTE = '"prefer-vector-width"="512"'


def wants_wide(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether kernels are to be compiled for 512-bit vectors.

    Raises
    ------
    ValueError
        When the setting is not one of those above.

    Examples
    --------
    >>> wants_wide({"OFFTAKE_VECTOR_BITS": "512"}), wants_wide({"OFFTAKE_VECTOR_BITS": "256"})
    (True, False)
    """
    setting = (os.environ if environment is None else environment).get(SETTING, "") or "auto"
    if setting not in _ALLOWED:
        msg = f"{SETTING} must be one of {', '.join(_ALLOWED)}, got {setting!r}"
        raise ValueError(msg)
    return has_wide_vectors() if setting == "auto" else setting == "512"


def has_wide_vectors() -> bool:
    """Return whether the processor has 512-bit vectors of doubles.

    Examples
    --------
    >>> isinstance(has_wide_vectors(), bool)
    True
    """
    try:
        from llvmlite import binding

        features: Any = binding.get_host_cpu_features()
    except (ImportError, RuntimeError, AttributeError):
        return False
    return bool(features.get("avx512f", False))


def wide_compiler() -> Untyped:
    """Return a compiler pipeline that asks for wide vectors; None where it cannot be made."""
    try:
        from numba.core import compiler, compiler_machinery, lowering, typed_passes
    except ImportError:
        return None
    lower: Untyped = lowering.Lower
    native: Untyped = getattr(typed_passes, "NativeLowering", None)
    builder: Untyped = getattr(compiler, "DefaultPassBuilder", None)
    if native is None or builder is None:
        return None
    register: Untyped = compiler_machinery.register_pass

    def lower_function(self: Untyped, fndesc: Untyped) -> None:
        lower.lower_normal_function(self, fndesc)
        # Its own method refuses names that it does not know.
        set.add(self.function.attributes, _ATTRIBUTE)

    def define_pipelines(self: Untyped) -> list[Untyped]:
        passes = builder.define_nopython_pipeline(self.state)
        passes.passes = [
            (wide, text) if step is native else (step, text) for step, text in passes.passes
        ]
        passes.finalize()
        return [passes]

    lowering_class = type("WideLower", (lower,), {"lower_normal_function": lower_function})
    members = {"_name": "offtake_wide_lowering", "lowering_class": lowering_class}
    wide = register(mutates_CFG=True, analysis_only=False)(type("WideLowering", (native,), members))
    return type("WideCompiler", (compiler.CompilerBase,), {"define_pipelines": define_pipelines})
