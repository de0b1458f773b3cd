"""The function table of coals for ctypes, and so for Numba, which calls functions of ctypes without the interpreter."""

import ctypes as c

import coals

MAJOR, MINOR = 1, 1


class Csr(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("rows", c.c_int64), ("columns", c.c_int64), ("entries", c.c_int64),
        ("row_begin", c.c_void_p), ("column", c.c_void_p), ("value", c.c_void_p), ("dtype", c.c_int32),
        ("reserved", c.c_int32),
    ]  # fmt: skip


class FitOptions(c.Structure):
    """Of implicit feedback, with the defaults of coals.ImplicitALS."""

    _fields_ = [
        ("size", c.c_size_t), ("factors", c.c_int64), ("iterations", c.c_int64), ("user_regularization", c.c_double),
        ("item_regularization", c.c_double), ("regularization_exponent", c.c_double), ("tolerance", c.c_double),
        ("solver", c.c_int32), ("singular", c.c_int32), ("cg_steps", c.c_int64), ("block_size", c.c_int64),
        ("nonnegative", c.c_int32), ("objective", c.c_int32), ("alpha", c.c_double), ("unobserved_weight", c.c_double),
        ("no_biases", c.c_int32), ("separate", c.c_int32), ("given_mean", c.c_int32), ("reserved", c.c_int32),
        ("mean", c.c_double), ("seed", c.c_uint64), ("user_start", c.c_void_p), ("item_start", c.c_void_p),
    ]  # fmt: skip

    def __init__(self, **given):
        defaults = {
            "size": c.sizeof(FitOptions), "factors": 64, "iterations": 15, "user_regularization": 1.0,
            "item_regularization": 1.0, "regularization_exponent": 0.5, "cg_steps": 3, "block_size": 64, "alpha": 1.0,
            "unobserved_weight": 0.1,
        }  # fmt: skip
        super().__init__(**(defaults | given))


class Matrix(c.Structure):
    _fields_ = [("size", c.c_size_t), ("rows", c.c_int64), ("columns", c.c_int64), ("data", c.c_void_p),
                ("dtype", c.c_int32), ("reserved", c.c_int32)]  # fmt: skip


class Filter(c.Structure):
    _fields_ = [("size", c.c_size_t), ("excluded", c.c_void_p), ("allowed", c.c_void_p), ("candidate", c.c_void_p),
                ("include_seen", c.c_int32), ("has_min_score", c.c_int32), ("min_score", c.c_double)]  # fmt: skip


class Lists(c.Structure):
    _fields_ = [("size", c.c_size_t), ("n", c.c_int64), ("ids", c.c_void_p), ("scores", c.c_void_p),
                ("counts", c.c_void_p)]  # fmt: skip


class Error(c.Structure):
    _fields_ = [("size", c.c_size_t), ("status", c.c_int32), ("reserved", c.c_int32), ("row", c.c_int64),
                ("message", c.c_char * 256)]  # fmt: skip


p, status = c.c_void_p, c.c_int32


class Table(c.Structure):
    _fields_ = [
        ("size", c.c_size_t), ("version", c.c_uint32), ("reserved", c.c_uint32),
        ("version_text", c.CFUNCTYPE(c.c_char_p)),
        ("status_name", c.CFUNCTYPE(c.c_char_p, status)),
        ("fit_implicit", c.CFUNCTYPE(status, p, p, p, p, p)),
        ("fit_explicit", c.CFUNCTYPE(status, p, p, p, p, p, p)),
        ("model_free", c.CFUNCTYPE(None, p)),
        ("model_get", c.CFUNCTYPE(status, p, p, p)),
        ("fold_in", c.CFUNCTYPE(status, p, c.c_int32, p, p, p, p, p, p)),
        ("recommend", c.CFUNCTYPE(status, p, p, c.c_int64, p, p, p, p)),
        ("recommend_for", c.CFUNCTYPE(status, p, p, p, p, p, p)),
        ("top_k", c.CFUNCTYPE(status, p, p, p, p, p, p)),
        ("item_pairs", c.CFUNCTYPE(status, p, p, p, p, p)),
        ("pairs_get", c.CFUNCTYPE(status, p, p, p)),
        ("pairs_free", c.CFUNCTYPE(None, p)),
        ("ranking_metrics", c.CFUNCTYPE(status, p, p, p, p, c.c_int64, p, p, p)),
        ("index_create", c.CFUNCTYPE(status, p, p, p, p)),
        ("index_top_k", c.CFUNCTYPE(status, p, p, p, p, p, p)),
        ("index_free", c.CFUNCTYPE(None, p)),
    ]  # fmt: skip


def table() -> Table:
    """Raises ImportError where the installed coals has another version of the interface."""
    pointer = c.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c.c_void_p, [c.py_object, c.c_char_p]
    capsule = pointer(coals._core.c_api, b"coals._core.c_api")
    get = c.CFUNCTYPE(c.c_void_p, c.c_uint32, c.c_uint32)(c.c_void_p.from_address(capsule).value)
    address = get(MAJOR, MINOR)
    if not address:
        raise ImportError(f"this script needs version {MAJOR}.{MINOR} of the C interface of coals")
    return Table.from_address(address)


def csr(row_begin, column, value, columns) -> Csr:
    """Of int64, int32 and float32 arrays, which must outlive it."""
    return Csr(c.sizeof(Csr), len(row_begin) - 1, columns, len(column), row_begin.ctypes.data, column.ctypes.data,
               value.ctypes.data, 0, 0)  # fmt: skip
