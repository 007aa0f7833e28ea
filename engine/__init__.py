"""Tessera's engine: everything that computes, nothing that draws a window.

Import the module you need (`engine.training.session`, ...): this package itself imports nothing, so that
a splash screen can be shown before torch is loaded.
"""
