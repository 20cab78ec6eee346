"""Whether the CUDA kernel can run here, and if not, why, in one plain line."""

from __future__ import annotations

import warnings
from importlib.util import find_spec


def why_not() -> str:
    """Empty where the kernel can run, else one line that says what is missing. Prints nothing and raises nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _missing()
        except Exception as error:  # whatever a broken driver or a half-installed library makes of it
            return f"CUDA does not start: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """What an exception says first, without a full stop; its type where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" :\n")]
    said = [line for line in lines if not line.endswith(":")] or lines
    return said[0].rstrip(".:") if said else type(error).__name__


def _missing() -> str:
    from numba.core import config

    if config.ENABLE_CUDASIM:  # pyright: ignore[reportAttributeAccessIssue]
        return ""
    if find_spec("numba_cuda") is None:
        return "numba-cuda is not installed; pip install 'latentone[gpu]'"
    from numba import cuda
    from numba.cuda.cudadrv.driver import driver
    from numba.cuda.cudadrv.libs import get_libdevice
    from numba.cuda.cudadrv.nvvm import NVVM

    if not driver.is_available:
        return f"no NVIDIA driver can be used: {first_line(RuntimeError(driver.initialization_error))}"
    if not len(cuda.gpus):
        return "the NVIDIA driver finds no GPU"
    try:
        NVVM().get_version()
        if not get_libdevice():
            raise FileNotFoundError("libdevice was not found")
    except Exception as error:
        return f"a library of the CUDA toolkit is missing ({first_line(error)}); pip install 'latentone[gpu]'"
    return ""
