"""Object code in memory: llvmlite's execution engine, and what tells one machine's code from
another's. Numba is not needed here.
"""

from __future__ import annotations

import ctypes
import os
import re
from typing import Any

from llvmlite import binding

# Names in the table of symbols of object code.
_RUNTIME = re.compile(rb"(?<=\0)(?:numba|NRT)_\w+(?=\0)")


class Machine:
    """The CPU, as LLVM sees it."""

    def __init__(self) -> None:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        self.triple: str = binding.get_process_triple()
        self.cpu: str = os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name()
        self.features: str = (
            os.environ.get("NUMBA_CPU_FEATURES") or binding.get_host_cpu_features().flatten()
        )
        self._engine: Any = None

    def key(self) -> str:
        """What code depends on besides its source."""
        enable = os.environ.get("NUMBA_ENABLE_AVX", "")
        return "\n".join((self.triple, self.cpu, self.features, enable))

    def load(self, symbol: str, code: bytes) -> int:
        """The address of a symbol of object code, which is brought to memory."""
        engine = self._ready()
        for name in _RUNTIME.findall(code):
            self._stand_in(name.decode())
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address: int = engine.get_function_address(symbol)
        return address

    def publish(self, symbol: str, address: int) -> None:
        """Let code that is loaded or compiled from now on call an address by name."""
        binding.add_symbol(symbol, address)

    def _stand_in(self, symbol: str) -> None:
        """Give a symbol of Numba's runtime an address, where Numba is not loaded.

        Numba's code can report exceptions; kernels raise none, so nothing of it is ever called. If
        Numba is loaded later, it overwrites the address.
        """
        if binding.address_of_symbol(symbol) is None:
            fatal = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
            binding.add_symbol(symbol, fatal)

    def _ready(self) -> Any:
        """The engine, made when it is first needed."""
        if self._engine is None:
            target = binding.Target.from_triple(self.triple)
            machine = target.create_target_machine(jit=True)
            self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        return self._engine
