# cython: language_level=3
"""What happens where nobody calls import_coals()."""

cimport coals.core_api as core


def status_and_message():
    cdef core.coals_error error
    error.size = sizeof(error)
    cdef core.coals_status status
    with nogil:
        status = core.index_create(NULL, NULL, NULL, &error)
    core.index_free(NULL)
    return status, error.message.decode()
