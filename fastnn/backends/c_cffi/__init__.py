"""The C backend: kernels compiled for several CPU levels, reached through cffi."""
