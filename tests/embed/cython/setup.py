from Cython.Build import cythonize
from setuptools import Extension, setup

import coals

extensions = [
    Extension(name, [f"{name}.pyx"], include_dirs=[coals.get_include()]) for name in ("consumer", "forgetful")
]
setup(name="consumer", ext_modules=cythonize(extensions))
