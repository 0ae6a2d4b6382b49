"""Builds the C kernels: one cffi module per CPU level. Everything else is in pyproject.toml, every
flag in kernels/build.py.
"""

import runpy
from pathlib import Path

from setuptools import setup

kernels = runpy.run_path(str(Path(__file__).parent / "kernels" / "build.py"))

setup(
    license="Apache-2.0",
    cffi_modules=[f"kernels/build.py:{level}" for level in kernels["LEVELS"]],
    cmdclass={"build_ext": kernels["BuildKernels"]},
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if kernels["LIMITED_API"] else {},
)
