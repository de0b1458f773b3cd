# cython: language_level=3
"""A recommender extension that calls coals without the GIL and without linking it."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcpy, memset

cimport coals.core_api as core

core.import_coals()


cdef class Fitted:
    """A fitted model behind a handle."""

    cdef core.coals_model *model
    cdef readonly int64_t users, items, factors
    cdef public bint one_thread

    def __dealloc__(self):
        if self.model != NULL:
            core.model_free(self.model)

    @staticmethod
    def fit(int64_t[::1] row_begin, int32_t[::1] column, float[::1] value, int64_t items, int64_t factors,
            int64_t iterations, uint64_t seed):
        cdef Fitted own = Fitted()
        cdef core.coals_fit_options options = core.coals_implicit_options()
        cdef core.coals_csr data = csr_of(row_begin, column, value, items)
        cdef core.coals_error error
        cdef core.coals_status status
        options.factors, options.iterations, options.seed = factors, iterations, seed
        memset(&error, 0, sizeof(error))
        error.size = sizeof(error)
        with nogil:
            status = core.fit_implicit(&data, &options, NULL, &own.model, &error)
        if status != core.COALS_OK:
            raise ValueError(error.message.decode())
        own.users, own.items, own.factors = data.rows, items, factors
        return own

    def user_factors(self):
        cdef core.coals_model_view view
        memset(&view, 0, sizeof(view))
        view.size = sizeof(view)
        core.model_get(self.model, &view, NULL)
        out = np.empty((self.users, self.factors), np.float32)
        cdef float[:, ::1] target = out
        memcpy(&target[0, 0], view.user_factors, out.nbytes)
        return out

    def recommend(self, int64_t[::1] users, int64_t n):
        """(ids, scores) of shape (len(users), n)."""
        ids, scores = np.empty((len(users), n), np.int64), np.empty((len(users), n), np.float32)
        counts = np.empty(len(users), np.int64)
        cdef int64_t[:, ::1] i = ids
        cdef float[:, ::1] s = scores
        cdef int64_t[::1] c = counts
        cdef core.coals_lists lists
        lists.size, lists.n, lists.ids, lists.scores, lists.counts = sizeof(lists), n, &i[0, 0], &s[0, 0], &c[0]
        cdef core.coals_status status
        with nogil:
            status = core.recommend(self.model, &users[0], users.shape[0], NULL, NULL, &lists, NULL)
        if status != core.COALS_OK:
            raise ValueError(core.coals_api_table.status_name(status).decode())
        return ids, scores

    def fold_in(self, int64_t[::1] row_begin, int32_t[::1] column, float[::1] value, float[:, ::1] out):
        """Factors of new users, into `out`."""
        cdef core.coals_csr rows = csr_of(row_begin, column, value, self.items)
        cdef core.coals_matrix factors
        cdef core.coals_control control
        memset(&factors, 0, sizeof(factors))
        memset(&control, 0, sizeof(control))
        control.size, control.num_threads = sizeof(control), self.one_thread
        factors.size, factors.rows, factors.columns = sizeof(factors), out.shape[0], out.shape[1]
        factors.data, factors.dtype = &out[0, 0], core.COALS_FLOAT32
        cdef core.coals_status status
        with nogil:
            status = core.fold_in(self.model, core.COALS_USERS, &rows, NULL, &control, &factors, NULL, NULL)
        if status != core.COALS_OK:
            raise ValueError(core.coals_api_table.status_name(status).decode())


cdef core.coals_csr csr_of(int64_t[::1] row_begin, int32_t[::1] column, float[::1] value, int64_t columns) noexcept:
    cdef core.coals_csr data
    memset(&data, 0, sizeof(data))
    data.size, data.rows, data.columns = sizeof(data), row_begin.shape[0] - 1, columns
    data.entries, data.row_begin = column.shape[0], &row_begin[0]
    data.column = &column[0] if column.shape[0] else NULL
    data.value, data.dtype = &value[0] if column.shape[0] else NULL, core.COALS_FLOAT32
    return data
