/* For extensions of Python: calls coals without linking it. Once per source file that calls coals, call coals_import()
 * with the GIL held; then `coals_api_table->fit_implicit(...)` and the rest need neither the GIL nor any Python object.
 */
#ifndef COALS_CORE_API_H
#define COALS_CORE_API_H

#include <Python.h>

#include "coals/c_api.h"

#define COALS_CAPSULE "coals._core.c_api"

static const coals_api *coals_api_table = NULL;

typedef struct coals_capsule {
  const coals_api *(*get)(uint32_t major, uint32_t minor);
  uint32_t version;
} coals_capsule;

/* 0, or -1 with ImportError set: coals is missing, or not of the version that this file was compiled against. */
static inline int coals_import(void) {
  const coals_capsule *capsule;
  if (coals_api_table) return 0;
  capsule = (const coals_capsule *)PyCapsule_Import(COALS_CAPSULE, 0);
  if (!capsule) return -1;
  coals_api_table = capsule->get(COALS_API_MAJOR, COALS_API_MINOR);
  if (coals_api_table) return 0;
  PyErr_Format(PyExc_ImportError,
               "this extension was compiled against version %d.%d of the C interface of coals, the installed coals has "
               "%u.%u: install a matching coals, or compile the extension again",
               COALS_API_MAJOR, COALS_API_MINOR, (unsigned)(capsule->version >> 16),
               (unsigned)(capsule->version & 0xFFFF));
  return -1;
}

#endif
