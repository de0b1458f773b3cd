from Cython.Build import cythonize
from setuptools import Extension, setup

import coals

extension = Extension("consumer", ["consumer.pyx"], include_dirs=[coals.get_include()])
setup(name="consumer", ext_modules=cythonize([extension]))
