"""Object code in memory: llvmlite's execution engine, and what tells one machine's code from
another's. Numba is not needed here.
"""

from __future__ import annotations

import os
from typing import Any

from llvmlite import binding


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
        if b"numba_gil" in code or b"numba_do" in code:
            _publish_runtime()
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address: int = engine.get_function_address(symbol)
        return address

    def publish(self, symbol: str, address: int) -> None:
        """Let code that is loaded or compiled from now on call an address by name."""
        binding.add_symbol(symbol, address)

    def _ready(self) -> Any:
        """The engine, made when it is first needed."""
        if self._engine is None:
            target = binding.Target.from_triple(self.triple)
            machine = target.create_target_machine(jit=True)
            self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        return self._engine


def _publish_runtime() -> None:
    """Give names to the functions of Numba that report an exception; ours raise none."""
    from numba.core.registry import cpu_target

    cpu_target.target_context.refresh()
